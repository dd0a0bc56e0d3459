import { once } from 'node:events';
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { RequestPlan } from '../plan/request-plan.ts';
import { DEADLINE_MS } from '../process/gateway.ts';
import { FORM_TYPE, formOf } from './form.ts';
import { readAnswer, type Told } from './told.ts';

/** A request that has no answer by then hangs: the gateway's own deadline is long over. Milliseconds. */
const HUNG_AFTER_MS = DEADLINE_MS + 30_000;

/** Sends requests as their plans say, on connections that are kept. */
export class ChaosClient {
  readonly #url: URL;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(gateway: { readonly url: string }) {
    this.#url = new URL('/api/v1/admin/img2img', gateway.url);
  }

  /** One request to its end. Never rejects. */
  async send(plan: RequestPlan): Promise<Told> {
    const form = formOf(plan);
    const message = request(this.#url, {
      method: 'POST',
      agent: this.#agent,
      headers: {
        'content-type': FORM_TYPE,
        'content-length': form.byteLength,
        ...(plan.key === undefined ? {} : { 'idempotency-key': plan.key }),
      },
    });
    const patience = new AbortController();
    const hung = delay(HUNG_AFTER_MS, { type: 'hung' } as const, { signal: patience.signal });
    try {
      return await Promise.race([exchange(message, form, plan), hung]);
    } finally {
      patience.abort();
      hung.catch(() => undefined);
      message.destroy();
    }
  }

  close(): void {
    this.#agent.destroy();
  }
}

async function exchange(message: ClientRequest, form: Buffer, { leaves }: RequestPlan): Promise<Told> {
  const answered = once(message, 'response') as Promise<[IncomingMessage]>;
  // Whoever leaves does not wait for it.
  answered.catch(() => undefined);
  message.on('error', () => undefined);
  if (leaves?.at === 'form') {
    message.write(form.subarray(0, form.byteLength / 2));
    await Promise.race([once(message, 'drain'), delay(50)]).catch(() => undefined);
    return { type: 'left' };
  }
  message.end(form);
  if (leaves?.at === 'wait') {
    await delay(leaves.afterMs);
    return { type: 'left' };
  }
  try {
    const [response] = await answered;
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += chunk;
    return readAnswer(response.statusCode ?? 0, response.headers, text);
  } catch (error) {
    return { type: 'broken', why: error instanceof Error ? error.message : String(error) };
  }
}

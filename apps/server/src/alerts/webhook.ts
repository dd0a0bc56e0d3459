/** Tells another system of alerts: one signed POST each, in order, tried a few times. */
import { createHmac, randomUUID } from 'node:crypto';
import { type Clock, sleep } from '@ferry/core';
import type { Logger } from 'pino';
import type { AlertView } from './alert-view.ts';

export interface WebhookTarget {
  readonly url: string;
  /** Absent: posts are not signed. */
  readonly secret?: string;
}

export interface WebhookOptions {
  /** Undefined when nobody is to be told. */
  readonly target: WebhookTarget | undefined;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** The wait before the second try, doubled before each further one. Milliseconds; default 1 000. */
  readonly backoffMs?: number;
}

const MAX_TRIES = 5;
const TIMEOUT_MS = 5_000;
/** Alerts that wait to be told. Older ones are of less use than newer ones. */
const MAX_QUEUED = 100;

/** `sha256=` and the HMAC of `<timestamp>.<body>`: the time is signed too, so that an old post cannot be sent again. */
function signature(secret: string, timestamp: string, body: string): string {
  return `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
}

/** Dispose of it to drop what has not been told. */
export class Webhook implements Disposable {
  readonly #options: WebhookOptions;
  readonly #queue: AlertView[] = [];
  readonly #stop = new AbortController();
  #working = false;

  constructor(options: WebhookOptions) {
    this.#options = options;
  }

  /** Posts it when those before it are through. Never throws. */
  tell(alert: AlertView): void {
    if (this.#options.target === undefined || this.#stop.signal.aborted) return;
    this.#queue.push(alert);
    if (this.#queue.length > MAX_QUEUED) this.#queue.shift();
    if (!this.#working) void this.#work();
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
    this.#queue.length = 0;
  }

  async #work(): Promise<void> {
    this.#working = true;
    for (let alert = this.#queue.shift(); alert !== undefined; alert = this.#queue.shift())
      await this.#deliver(alert);
    this.#working = false;
  }

  async #deliver(alert: AlertView): Promise<void> {
    const { target, logger, clock, backoffMs = 1_000 } = this.#options;
    if (target === undefined) return;
    const fields = { alert: alert.name, state: alert.state };
    const id = randomUUID();
    for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
      const problem = await this.#post(target, id, alert);
      if (this.#stop.signal.aborted) return;
      if (problem === undefined) {
        logger.info({ ...fields, attempt }, `Told the webhook of ${alert.name}: ${alert.state}`);
        return;
      }
      if (attempt === MAX_TRIES || !problem.worthRetrying) {
        logger.error({ ...fields, attempt }, `Could not tell the webhook of ${alert.name}: ${problem.text}`);
        return;
      }
      logger.warn({ ...fields, attempt }, `The webhook did not take ${alert.name}: ${problem.text}`);
      await sleep(backoffMs * 2 ** (attempt - 1), this.#stop.signal, clock).catch(() => undefined);
    }
  }

  /** Undefined when it was taken. The text never holds the address: such addresses are often secrets. */
  async #post(
    { url, secret }: WebhookTarget,
    id: string,
    alert: AlertView,
  ): Promise<{ readonly text: string; readonly worthRetrying: boolean } | undefined> {
    const body = JSON.stringify({ type: 'ferry.alert', id, alert });
    const timestamp = String(Math.floor(this.#options.clock.wallNow() / 1_000));
    try {
      const response = await fetch(url, {
        method: 'POST',
        body,
        // Somebody else's address must not be told, nor signed for.
        redirect: 'manual',
        headers: {
          'content-type': 'application/json',
          'x-ferry-delivery': id,
          'x-ferry-timestamp': timestamp,
          ...(secret !== undefined && { 'x-ferry-signature': signature(secret, timestamp, body) }),
        },
        signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      await response.body?.cancel();
      if (response.ok) return undefined;
      const { status } = response;
      return {
        text: `it answered ${status}`,
        worthRetrying: status >= 500 || status === 408 || status === 429,
      };
    } catch (error) {
      const timedOut = error instanceof DOMException && error.name === 'TimeoutError';
      return { text: timedOut ? 'it did not answer in time' : 'it cannot be reached', worthRetrying: true };
    }
  }
}

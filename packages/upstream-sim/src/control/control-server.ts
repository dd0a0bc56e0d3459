import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { faultRuleSchema } from '../faults/fault.ts';
import type { FaultQueue } from '../faults/fault-queue.ts';
import { isScenarioName, SCENARIO_NAMES, SCENARIOS } from '../faults/scenario.ts';
import type { Ledger } from '../ledger.ts';

export interface ControlOptions {
  readonly host: string;
  readonly port: number;
  readonly ledger: Ledger;
  readonly faults: FaultQueue;
  readonly connections: () => { readonly opened: number; readonly open: number };
}

export interface ControlServer {
  /** Such as `http://127.0.0.1:41235`. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

const MAX_BODY_BYTES = 1024 * 1024;

/** A request that cannot be carried out; the message is for its sender. */
class ControlError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Serves faults and ledger over plain HTTP, for another process or a person with curl. */
export async function listenForControl(options: ControlOptions): Promise<ControlServer> {
  const server = createServer((request, response) => {
    answer(request, options).then(
      (value) => send(response, 200, value),
      (error: unknown) => {
        const status = error instanceof ControlError ? error.status : 500;
        send(response, status, { error: error instanceof Error ? error.message : 'failed' });
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `http://${host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(request: IncomingMessage, options: ControlOptions): Promise<object> {
  const { ledger, faults, connections } = options;
  if (!isLoopbackName(request.headers.host)) {
    // A web page whose name was rebound to loopback must not steer this.
    throw new ControlError(403, 'The Host header must be a loopback name');
  }
  if (request.headers.origin !== undefined) {
    // Nor a page that posts here without asking (CORS: JSON as text/plain).
    throw new ControlError(403, 'Pages may not use the control interface');
  }
  const url = new URL(request.url ?? '/', 'http://localhost');
  const [, resource, id] = url.pathname.split('/');
  switch (`${request.method} /${resource}${id === undefined ? '' : '/:id'}`) {
    case 'GET /health':
      return { status: 'ok', connections: connections(), faults: faults.list().length };
    case 'GET /ledger':
      return { entries: ledger.entries(parse(ledgerQuery, Object.fromEntries(url.searchParams))) };
    case 'DELETE /ledger':
      ledger.clear();
      return { cleared: true };
    case 'GET /faults':
      return { faults: faults.list() };
    case 'POST /faults':
      return { ids: rulesOf(await readJson(request)).map((rule) => faults.add(rule)) };
    case 'DELETE /faults':
      faults.clear();
      return { cleared: true };
    case 'DELETE /faults/:id':
      if (!faults.remove(id ?? '')) throw new ControlError(404, 'No such fault');
      return { removed: id };
    case 'POST /freeze': {
      const { ms } = parse(freezeBody, await readJson(request));
      freezeSoon(ms);
      return { freezing: ms };
    }
    case 'GET /scenarios':
      return { scenarios: SCENARIOS };
    default:
      throw new ControlError(
        404,
        'Try GET /health, GET|DELETE /ledger, GET|POST|DELETE /faults, POST /freeze, GET /scenarios',
      );
  }
}

const ledgerQuery = z.strictObject({
  method: z.string().toUpperCase().optional(),
  path: z.string().optional(),
  connectionId: z.string().optional(),
  outcome: z.enum(['open', 'answered', 'faulted', 'aborted']).optional(),
  after: z.coerce.number().int().min(0).optional(),
});

const freezeBody = z.strictObject({ ms: z.int().min(1).max(10_000) });

/** Time for the answer to leave. Milliseconds. */
const BEFORE_FREEZE_MS = 50;

/**
 * Stops the whole thread: the kernel goes on taking connections and bytes, and nobody answers, not even a PING. It ends by
 * itself, unlike a stopped process, whose parent may be gone before it is continued.
 */
function freezeSoon(ms: number): void {
  setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms), BEFORE_FREEZE_MS);
}

/** One rule, several, or a scenario by name. */
function rulesOf(body: unknown): z.infer<typeof faultRuleSchema>[] {
  if (typeof body === 'object' && body !== null && 'scenario' in body) {
    const name = String(body.scenario);
    if (!isScenarioName(name)) throw new ControlError(400, `scenario: one of ${SCENARIO_NAMES.join(', ')}`);
    return [...SCENARIOS[name].rules];
  }
  return Array.isArray(body)
    ? parse(z.array(faultRuleSchema).min(1).max(100), body)
    : [parse(faultRuleSchema, body)];
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ControlError(400, z.prettifyError(parsed.error));
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES)
      throw new ControlError(413, `The body is larger than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new ControlError(400, 'The body is not JSON');
  }
}

function isLoopbackName(host: string | undefined): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i.test(host ?? '');
}

function send(response: ServerResponse, status: number, value: object): void {
  const text = `${JSON.stringify(value)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

import { once } from 'node:events';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type {
  Attempt,
  Exchange,
  Phase,
  Transport,
  TransportRequest,
  TransportResponse,
  TransportStats,
} from '../transport/transport.ts';
import { type Delivery, TransportError, type TransportErrorKind } from '../transport/transport-error.ts';

let connections = 0;

/**
 * The smallest honest transport: cleartext HTTP/1.1 on `node:http`, one connection a request. It lets core's tests run
 * against real servers without core depending on a transport package; it is no example of speed.
 */
export class LoopbackTransport implements Transport {
  readonly name = 'loopback';
  readonly #open = new Set<OneExchange>();
  #closed = false;

  async send(request: TransportRequest, attempt: Attempt): Promise<TransportResponse> {
    const exchange = new OneExchange(request, attempt);
    if (this.#closed) throw exchange.error('closed', 'not-sent');
    if (attempt.signal.aborted) throw exchange.error('aborted', 'not-sent');
    this.#open.add(exchange);
    void exchange.done.then(() => this.#open.delete(exchange));
    return await exchange.send();
  }

  stats(): TransportStats {
    const streams = this.#open.size;
    return { live: streams, spare: 0, connecting: 0, retired: 0, streams, waiting: 0 };
  }

  async close(): Promise<void> {
    this.#closed = true;
    const open = [...this.#open];
    for (const exchange of open) exchange.end('closed');
    await Promise.all(open.map((exchange) => exchange.done));
  }
}

class OneExchange {
  readonly done: Promise<Exchange>;
  readonly #request: TransportRequest;
  readonly #attempt: Attempt;
  readonly #connectionId = `loopback-${++connections}`;
  readonly #settleDone: (exchange: Exchange) => void;
  #wire: ClientRequest | undefined;
  #phase: Phase = 'connect';
  #ended: TransportErrorKind | undefined;
  #sourceError: unknown;
  #bodyOpened = false;
  #bytesSent = 0;
  #bytesReceived = 0;
  #timers: NodeJS.Timeout[] = [];

  constructor(request: TransportRequest, attempt: Attempt) {
    this.#request = request;
    this.#attempt = attempt;
    const { promise, resolve } = Promise.withResolvers<Exchange>();
    this.done = promise;
    this.#settleDone = resolve;
  }

  async send(): Promise<TransportResponse> {
    const { method, url, headers, body } = this.#request;
    const length = body?.byteLength === undefined ? {} : { 'content-length': String(body.byteLength) };
    const wire = httpRequest(url, { method, headers: { ...headers, ...length }, agent: false });
    this.#wire = wire;
    this.#attempt.signal.addEventListener('abort', this.#onAbort, { once: true });
    this.#limit(this.#attempt.limits.totalMs);
    wire.once('socket', (socket) => socket.once('connect', () => this.#enter('request')));
    const answered = once(wire, 'response') as Promise<[IncomingMessage]>;
    // Not awaited: a silent source must not hold up the end of an exchange.
    void this.#sendBody(wire);
    try {
      const [incoming] = await answered;
      this.#enter('body');
      return this.#response(incoming);
    } catch (cause) {
      const error = this.#failure(cause);
      this.#release();
      throw error;
    }
  }

  end(kind: TransportErrorKind): void {
    this.#ended ??= kind;
    this.#wire?.destroy();
  }

  error(kind: TransportErrorKind, delivery: Delivery, cause?: unknown): TransportError {
    return new TransportError(`loopback: ${kind}`, {
      kind,
      phase: this.#phase,
      delivery,
      exchange: this.#facts(),
      cause,
    });
  }

  readonly #onAbort = (): void => this.end('aborted');

  async #sendBody(wire: ClientRequest): Promise<void> {
    const { body } = this.#request;
    try {
      if (body !== undefined) {
        await once(wire, 'socket');
        if (wire.socket?.connecting) await once(wire.socket, 'connect');
        this.#bodyOpened = true;
        for await (const slice of this.#guarded(body.open())) {
          if (!wire.write(slice)) await drained(wire);
          if (wire.destroyed) return;
          this.#bytesSent += slice.byteLength;
          this.#attempt.onBytesSent?.(this.#bytesSent);
        }
      }
      wire.end();
      if (this.#phase !== 'body') this.#enter('headers');
      this.#limit(this.#attempt.limits.headersMs, 'headers');
    } catch {
      // `send` or the response body tells what broke.
      wire.destroy();
    }
  }

  async *#guarded(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* source;
    } catch (error) {
      this.#ended ??= 'body-source';
      this.#sourceError = error;
      throw error;
    }
  }

  #response(incoming: IncomingMessage): TransportResponse {
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(incoming.headers)) {
      if (value !== undefined) headers[name] = Array.isArray(value) ? value.join('\n') : value;
    }
    return {
      status: incoming.statusCode ?? 0,
      headers,
      body: this.#body(incoming),
      exchange: this.#facts(),
      done: this.done,
    };
  }

  async *#body(incoming: IncomingMessage): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for await (const chunk of incoming) {
        const part = chunk as Uint8Array;
        this.#bytesReceived += part.byteLength;
        yield part;
      }
      if (!incoming.complete) throw new Error('the answer ended early');
    } catch (cause) {
      throw this.#failure(cause);
    } finally {
      this.#wire?.destroy();
      this.#release();
    }
  }

  #failure(cause: unknown): TransportError {
    const delivery = this.#phase === 'body' ? 'answered' : this.#phase === 'connect' ? 'not-sent' : 'unknown';
    const kind = this.#ended ?? (this.#phase === 'connect' ? 'connect' : 'reset');
    return this.error(kind, delivery, kind === 'body-source' ? this.#sourceError : cause);
  }

  #facts(): Exchange {
    return {
      protocol: 'http/1.1',
      connectionId: this.#connectionId,
      connectionOrigin: 'fresh',
      connectionReused: false,
      bodyOpened: this.#bodyOpened,
      bytesSent: this.#bytesSent,
      requestComplete: this.#wire?.writableFinished ?? false,
      bytesReceived: this.#bytesReceived,
      phaseMs: {},
    };
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
  }

  /** Ends the exchange after `ms`, if it is still in `phase` by then. */
  #limit(ms: number, phase?: Phase): void {
    this.#timers.push(
      setTimeout(() => {
        if (phase === undefined || phase === this.#phase) this.end('timeout');
      }, ms),
    );
  }

  #release(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
    this.#attempt.signal.removeEventListener('abort', this.#onAbort);
    this.#settleDone(this.#facts());
  }
}

/** Resolves when the request takes more bytes, or is closed; leaves no listener. */
async function drained(wire: ClientRequest): Promise<void> {
  const settled = new AbortController();
  try {
    await Promise.race([
      once(wire, 'drain', { signal: settled.signal }),
      once(wire, 'close', { signal: settled.signal }),
    ]);
  } finally {
    settled.abort();
  }
}

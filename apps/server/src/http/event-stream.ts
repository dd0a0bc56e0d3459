import type { FastifyReply } from 'fastify';

/** Comments keep proxies and browsers from taking a quiet stream for a dead one. Milliseconds. */
const KEEP_ALIVE_MS = 15_000;

/** One server-sent event: its name, and data that goes out as JSON. */
export interface ServerSentEvent {
  readonly event: string;
  readonly data: unknown;
}

export interface EventStreamOptions<E extends ServerSentEvent> {
  /** Whether a reader who is slow may miss this one, because a later one says the same. Default none. */
  readonly mayMiss?: (event: E) => boolean;
}

/** Whether the caller wants server-sent events rather than one JSON document. */
export function wantsEvents(accept: string | undefined): boolean {
  return (accept ?? '')
    .toLowerCase()
    .split(',')
    .some((range) => /^\s*text\/event-stream\s*(;|$)/.test(range) && !/;\s*q=0(\.0*)?\s*(;|$)/.test(range));
}

/** The answer as server-sent events (WHATWG HTML, section 9.2). Dispose of it to end the answer. */
export class EventStream<E extends ServerSentEvent> implements Disposable {
  readonly #reply: FastifyReply;
  readonly #mayMiss: (event: E) => boolean;
  readonly #keepAlive: NodeJS.Timeout;

  constructor(reply: FastifyReply, { mayMiss = () => false }: EventStreamOptions<E> = {}) {
    this.#reply = reply;
    this.#mayMiss = mayMiss;
    reply.hijack();
    reply.raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      // nginx would hold events back until its buffer is full.
      'x-accel-buffering': 'no',
    });
    // Node keeps them back until the first byte of the body.
    reply.raw.flushHeaders();
    this.#keepAlive = setInterval(() => this.#write(':\n\n'), KEEP_ALIVE_MS);
  }

  /** Bytes that the reader has not taken yet. */
  get unread(): number {
    return this.#reply.raw.writableLength;
  }

  send(event: E): void {
    // A slow reader gets less detail instead of filling our memory.
    if (this.#reply.raw.writableNeedDrain && this.#mayMiss(event)) return;
    this.#write(`event: ${event.event}\ndata: ${JSON.stringify(event.data)}\n\n`);
  }

  #write(text: string): void {
    if (!this.#reply.raw.destroyed && !this.#reply.raw.writableEnded) this.#reply.raw.write(text);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#keepAlive);
    this.#reply.raw.end();
  }
}

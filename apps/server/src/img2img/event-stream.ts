import type { FastifyReply } from 'fastify';
import type { ProgressEvent } from './progress.ts';

/** Comments keep proxies and browsers from taking a quiet stream for a dead one. Milliseconds. */
const KEEP_ALIVE_MS = 15_000;

/** Whether the caller wants server-sent events rather than one JSON document. */
export function wantsEvents(accept: string | undefined): boolean {
  return (accept ?? '')
    .toLowerCase()
    .split(',')
    .some((range) => /^\s*text\/event-stream\s*(;|$)/.test(range) && !/;\s*q=0(\.0*)?\s*(;|$)/.test(range));
}

/** The answer as server-sent events (WHATWG HTML, section 9.2). Dispose of it to end the answer. */
export class EventStream implements Disposable {
  readonly #reply: FastifyReply;
  readonly #keepAlive: NodeJS.Timeout;

  constructor(reply: FastifyReply) {
    this.#reply = reply;
    reply.hijack();
    reply.raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      // nginx would hold events back until its buffer is full.
      'x-accel-buffering': 'no',
    });
    this.#keepAlive = setInterval(() => this.#write(':\n\n'), KEEP_ALIVE_MS);
  }

  send({ event, data }: ProgressEvent): void {
    // A slow reader gets less detail instead of filling our memory: byte counts are overtaken by the next one anyway.
    if ('type' in data && data.type === 'bytes_sent' && this.#reply.raw.writableNeedDrain) return;
    this.#write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  #write(text: string): void {
    if (!this.#reply.raw.destroyed && !this.#reply.raw.writableEnded) this.#reply.raw.write(text);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#keepAlive);
    this.#reply.raw.end();
  }
}

import type { FastifyReply } from 'fastify';
import { EventStream, type ServerSentEvent } from '../http/event-stream.ts';

/** Proxies wait a minute or so for the first byte of an answer. Milliseconds. */
const OPEN_AFTER_MS = 10_000;

/**
 * Server-sent events whose headers wait a little for the first event: what fails soon is still answered with its own status, which
 * clients act upon (a 429 is retried; an event is not). Dispose of it to end the answer.
 */
export class LateStream<E extends ServerSentEvent> implements Disposable {
  readonly #reply: FastifyReply;
  readonly #timer: NodeJS.Timeout;
  #events: EventStream<E> | undefined;

  constructor(reply: FastifyReply, openAfterMs: number = OPEN_AFTER_MS) {
    this.#reply = reply;
    this.#timer = setTimeout(() => this.#open(), openAfterMs);
  }

  /** Whether the status is out. */
  get isOpen(): boolean {
    return this.#events !== undefined;
  }

  send(event: E): void {
    this.#open().send(event);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#events?.[Symbol.dispose]();
  }

  #open(): EventStream<E> {
    clearTimeout(this.#timer);
    this.#events ??= new EventStream<E>(this.#reply);
    return this.#events;
  }
}

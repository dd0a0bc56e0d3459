/** Telemetry to whoever listens over HTTP, for as long as they do and the server runs. */
import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { GatewayError } from '../errors/gateway-error.ts';
import { EventStream, type ServerSentEvent } from '../http/event-stream.ts';
import { ShutdownSignal } from '../lifecycle/shutdown-signal.ts';
import { Telemetry } from './telemetry.ts';
import type { TelemetryEvent } from './telemetry-event.ts';

/** A page each for a few people; a forgotten script must not collect them without end. */
const MAX_READERS = 64;
/** How often a feed looks at what tells nothing by itself. Milliseconds. */
const LOOK_MS = 1_000;
/** A reader who has so much to catch up on is gone, or of no use. Bytes. */
const MAX_UNREAD = 1024 * 1024;

export interface FeedOptions<E extends ServerSentEvent> {
  /** What a reader who joins hears first. */
  readonly first: readonly E[];
  /** What of the stream the feed tells, and how. */
  readonly tell: (event: TelemetryEvent) => E | undefined;
  /** Whether a slow reader may miss it. */
  readonly mayMiss?: (event: E) => boolean;
  /** What is told once a second beside it: what can only be looked at. Undefined for nothing new. */
  readonly look?: () => E | undefined;
}

/** Server-sent events from the stream. A reader who cannot keep up is let go, and joins again by itself. */
@Injectable()
export class EventFeed {
  readonly #telemetry: Telemetry;
  readonly #shutdown: ShutdownSignal;
  #readers = 0;

  constructor(telemetry: Telemetry, shutdown: ShutdownSignal) {
    this.#telemetry = telemetry;
    this.#shutdown = shutdown;
  }

  /**
   * Answers with events until the reader leaves or the server stops.
   * @throws GatewayError 503 when there are too many readers.
   */
  async serve<E extends ServerSentEvent>(reply: FastifyReply, options: FeedOptions<E>): Promise<void> {
    if (this.#readers >= MAX_READERS) {
      throw new GatewayError('Too many pages listen. Close one, or try again in a moment.', {
        status: 503,
        type: 'server_error',
        code: 'overloaded',
        retryAfterMs: 5_000,
      });
    }
    const { first, tell, mayMiss, look } = options;
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    using stack = new DisposableStack();
    this.#readers += 1;
    stack.defer(() => {
      this.#readers -= 1;
    });
    const stream = stack.use(new EventStream<E>(reply, mayMiss === undefined ? {} : { mayMiss }));
    const send = (event: E | undefined): void => {
      if (event === undefined) return;
      stream.send(event);
      if (stream.unread > MAX_UNREAD) end();
    };
    for (const event of first) stream.send(event);
    stack.defer(this.#telemetry.subscribe('event feed', (happened) => send(tell(happened))));
    if (look !== undefined) {
      const looking = setInterval(() => send(look()), LOOK_MS);
      stack.defer(() => clearInterval(looking));
    }
    reply.raw.once('close', end);
    const { begun } = this.#shutdown;
    const onStopping = (): void => end();
    begun.addEventListener('abort', onStopping, { once: true });
    stack.defer(() => begun.removeEventListener('abort', onStopping));
    await over;
  }
}

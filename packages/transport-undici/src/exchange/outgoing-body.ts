import type { Attempt, Clock, RequestBody } from '@ferry/core';
import type { Dispatcher } from 'undici';
import type { UndiciConnection } from '../connection/undici-connection.ts';
import type { CapturedStream } from './captured-stream.ts';
import type { ExchangeRecord } from './exchange-record.ts';
import { pieceBytes } from './piece-size.ts';
import { BodyFeed, type BodyObserver } from './request-body.ts';

/** A body as undici takes it; null for none. */
export type DispatchedBody = NonNullable<Dispatcher.DispatchOptions['body']> | null;

export interface OutgoingBodyOptions {
  readonly body: RequestBody | undefined;
  readonly attempt: Attempt;
  readonly connection: UndiciConnection;
  readonly record: ExchangeRecord;
  readonly clock: Clock;
  /** See `BodyObserver`. */
  readonly onSourceError: (error: Error) => void;
}

/** The body of one request on its way out: in which form undici gets it, and what is known of how much has left. */
export class OutgoingBody implements BodyObserver {
  /** What undici is given. */
  readonly dispatched: DispatchedBody;
  readonly #options: OutgoingBodyOptions;
  /** Where it is handed over piece by piece. */
  readonly #feed: BodyFeed | undefined;
  /** Bytes of one that is handed over at once. */
  readonly #wholeBytes: number = 0;
  #stream: CapturedStream | undefined;

  constructor(options: OutgoingBodyOptions) {
    this.#options = options;
    const { body, connection, clock } = options;
    const bytes = body?.bytes;
    if (body === undefined || body.byteLength === 0) {
      this.dispatched = null;
    } else if (
      bytes !== undefined &&
      bytes.byteLength <= pieceBytes(connection.riderCount + 1, connection.pace.tookMs)
    ) {
      // As what it is: an iterator would cost 10 µs more. undici would resend it, as it does an empty one; the exchange rules
      // that out (`onRefused`, `onGoaway`, `onFrameError`, and `onRequestStart` for whatever is left).
      this.dispatched = bytes;
      this.#wholeBytes = bytes.byteLength;
    } else {
      this.#feed = new BodyFeed(body, clock, this);
      // undici's types want a Readable; its Request takes any iterable. A long Buffer or a Readable can hang Node when it is
      // aborted, and counts against the session's memory.
      this.dispatched = this.#feed as unknown as DispatchedBody;
    }
  }

  /** The body's source is what the upload waits for. */
  get sourceWaiting(): boolean {
    return this.#feed?.sourceWaiting === true && this.#stream?.queuedBytes === 0;
  }

  /** Bytes that flow control and the socket have taken, of those handed over. */
  get taken(): number {
    return this.#options.record.bytesSent - (this.#stream?.queuedBytes ?? 0);
  }

  /** The stream is there, and undici is about to write to it. */
  onStream(stream: CapturedStream): void {
    this.#stream = stream;
    const bytes = this.#wholeBytes;
    if (bytes === 0) return;
    const { record, attempt } = this.#options;
    record.bodyOpened = true;
    record.bytesSent = bytes;
    // Later, since whoever hears of it may abort, which undici cannot bear within its write().
    if (attempt.onBytesSent !== undefined) queueMicrotask(() => attempt.onBytesSent?.(bytes));
  }

  onBodyOpen(): void {
    this.#options.record.bodyOpened = true;
  }

  pieceBytes(tookMs: number | undefined): number {
    const { riderCount, pace } = this.#options.connection;
    if (tookMs !== undefined) pace.note(tookMs);
    return pieceBytes(riderCount, tookMs ?? pace.tookMs);
  }

  onPiece(bytes: number, last: boolean): void {
    const { record, attempt } = this.#options;
    if (last) this.#stream?.lastPieceComes();
    record.bytesSent += bytes;
    attempt.onBytesSent?.(record.bytesSent);
  }

  onSourceError(error: Error): void {
    this.#options.onSourceError(error);
  }

  /** See `BodyFeed`. */
  park(): void {
    this.#feed?.park();
  }

  /** See `BodyFeed`. */
  stop(): void {
    this.#feed?.stop();
  }
}

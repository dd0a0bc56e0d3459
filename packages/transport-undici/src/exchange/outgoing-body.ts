import type { Attempt, Clock, RequestBody } from '@ferry/core';
import type { Dispatcher } from 'undici';
import type { UndiciConnection } from '../connection/undici-connection.ts';
import type { CapturedStream } from './captured-stream.ts';
import type { ExchangeRecord } from './exchange-record.ts';
import { MemoryFeed, type MemoryObserver } from './memory-feed.ts';
import type { BodyProgress } from './own-bytes.ts';
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
  readonly observer: SourceObserver;
}

/** Hears of the body's source. */
export interface SourceObserver {
  /** See `BodyObserver`. */
  onSourceError(error: Error): void;
}

/** The body of one request on its way out: in which form undici gets it, and what is known of how much has left. */
export class OutgoingBody implements BodyObserver, MemoryObserver, BodyProgress {
  /** What undici is given. */
  readonly dispatched: DispatchedBody;
  readonly #options: OutgoingBodyOptions;
  /** Where it is held in memory. */
  readonly #bytes: Uint8Array | undefined;
  /** What hands it over, from memory in several pieces, or from a source. */
  #memory: MemoryFeed | undefined;
  readonly #feed: BodyFeed | undefined;
  #stream: CapturedStream | undefined;
  /** Of the piece that has not been taken yet; 0 for none. */
  #handedBytes = 0;
  #handedAt = 0;
  #lastHanded = false;

  constructor(options: OutgoingBodyOptions) {
    this.#options = options;
    const { body } = options;
    this.#bytes = body?.bytes;
    if (body === undefined || body.byteLength === 0) {
      this.dispatched = null;
    } else if (this.#bytes !== undefined) {
      // undici would resend it, as it does an empty one; the exchange rules that out (`onRefused`, `onGoaway`, `onFrameError`, and
      // `onRequestStart` for whatever is left).
      this.dispatched = this.#bytes;
    } else {
      this.#feed = new BodyFeed(body, this);
      // undici's types want a Readable; its Request takes any iterable. A long Buffer or a Readable can hang Node when it is
      // aborted, and counts against the session's memory.
      this.dispatched = this.#feed as unknown as DispatchedBody;
    }
  }

  /** The body's source is what the upload waits for. */
  get sourceWaiting(): boolean {
    return this.#feed?.sourceWaiting === true && this.#stream?.queuedBytes === 0;
  }

  get handed(): number {
    return this.#options.record.bytesSent;
  }

  get taken(): number {
    return this.handed - (this.#stream?.queuedBytes ?? 0);
  }

  /** The stream is there, and undici is about to write to it. @param now by the clock. */
  onStream(stream: CapturedStream, now: number): void {
    this.#stream = stream;
    const bytes = this.#bytes;
    if (bytes === undefined || bytes.byteLength === 0) return;
    this.#options.record.bodyOpened = true;
    if (bytes.byteLength <= this.#pieceBytes(now)) {
      // One piece: what undici does with it is right as it is.
      this.#written(bytes.byteLength, true, now);
    } else {
      this.#memory = new MemoryFeed(bytes, this);
      stream.feedFrom(this.#memory);
    }
  }

  onBodyOpen(): void {
    this.#options.record.bodyOpened = true;
  }

  pieceBytes(): number {
    return this.#pieceBytes(this.#options.clock.now());
  }

  #pieceBytes(now: number): number {
    const { riderCount, pace, roundTripMs } = this.#options.connection;
    const form = this.#bytes === undefined ? 'slices' : 'memory';
    return pieceBytes(form, riderCount, pace.latest(now), roundTripMs);
  }

  onPieceTaken(): void {
    // undici asks for more right behind the last piece, which has not been taken by then.
    if (!this.#lastHanded) this.#notePace(this.#options.clock.now());
  }

  /** The whole request is with the socket, and so is the last piece. @param now by the clock. */
  onRequestFlushed(now: number): void {
    this.#notePace(now);
  }

  onPiece(bytes: number, last: boolean): void {
    const { record, attempt } = this.#options;
    if (last) {
      this.#lastHanded = true;
      this.#stream?.lastPieceComes();
    }
    this.#handed(bytes, this.#options.clock.now());
    record.bytesSent += bytes;
    attempt.onBytesSent?.(record.bytesSent);
  }

  onPieceWritten(bytes: number, first: boolean): void {
    this.#written(bytes, first, this.#options.clock.now());
  }

  #written(bytes: number, first: boolean, now: number): void {
    const { record, attempt } = this.#options;
    this.#handed(bytes, now);
    record.bytesSent += bytes;
    if (attempt.onBytesSent === undefined) return;
    // Later, since whoever hears of it may abort, which undici cannot bear within its write().
    if (first) queueMicrotask(() => attempt.onBytesSent?.(bytes));
    else attempt.onBytesSent(record.bytesSent);
  }

  onSourceError(error: Error): void {
    this.#options.observer.onSourceError(error);
  }

  /** The answer is there already: hands over nothing more, and does not end the body either. */
  park(): void {
    this.#memory?.stop();
    this.#feed?.park();
  }

  /** The exchange is over. */
  stop(): void {
    this.#memory?.stop();
    this.#feed?.stop();
  }

  #handed(bytes: number, now: number): void {
    this.#handedBytes = bytes;
    this.#handedAt = now;
  }

  #notePace(now: number): void {
    if (this.#handedBytes === 0) return;
    this.#options.connection.pace.note(this.#handedBytes, this.#handedAt, now);
    this.#handedBytes = 0;
  }
}

import { createHash } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import type { Wire } from './wire.ts';

/** How a body is taken in. All absent: as fast as it comes. */
export interface ReadPace {
  /** Calls `onReached` once, when so many body bytes have come, or at the body's end if it is shorter. */
  readonly mark?: { readonly bytes: number; readonly onReached: (bytes: number) => void };
  /** Reads no further once so many bytes have come: the peer's window is never opened again. */
  readonly stallAfterBytes?: number;
  readonly bytesPerSecond?: number;
}

/** The client, or its connection, broke off in the middle of a body. */
export class BodyBrokenError extends Error {
  override readonly name: string = 'BodyBrokenError';

  constructor() {
    super('the request body broke off');
  }
}

/** Counts and hashes a request body on its way, and slows or marks it as told. Holds no more than one chunk. */
export class BodyMeter extends Transform {
  readonly #hash = createHash('sha256');
  readonly #pace: ReadPace;
  readonly #onBytes: (bytes: number) => void;
  readonly #onWhole: () => void;
  readonly #stop: AbortController = new AbortController();
  #bytes = 0;
  #marked = false;

  /** `onBytes` hears the bytes so far, each time more have come; `onWhole` the proper end, once. */
  constructor(
    pace: ReadPace = {},
    onBytes: (bytes: number) => void = () => undefined,
    onWhole: () => void = () => undefined,
  ) {
    super();
    this.#pace = pace;
    this.#onBytes = onBytes;
    this.#onWhole = onWhole;
    // Whoever reads the body hears of the error; without a reader it would end the process.
    this.on('error', () => undefined);
  }

  /** Begins to read a request's body. */
  consume(wire: Pick<Wire, 'body' | 'bodyCutOff'>): void {
    const { body } = wire;
    body.pipe(this, { end: false });
    body.once('end', () => {
      if (wire.bodyCutOff()) this.destroy(new BodyBrokenError());
      else this.end();
    });
    body.once('close', () => {
      if (!this.writableEnded) this.destroy(new BodyBrokenError());
    });
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Hexadecimal, over the bytes so far. */
  sha256(): string {
    return this.#hash.copy().digest('hex');
  }

  override _transform(chunk: Uint8Array, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#hash.update(chunk);
    this.#bytes += chunk.byteLength;
    this.#onBytes(this.#bytes);
    const { mark, stallAfterBytes, bytesPerSecond } = this.#pace;
    if (mark && this.#bytes >= mark.bytes) this.#reach(mark);
    if (this.destroyed) return;
    // Never calling back is the stall: what is not taken from the socket holds the peer's window shut.
    if (stallAfterBytes !== undefined && this.#bytes >= stallAfterBytes) return;
    if (bytesPerSecond === undefined) {
      callback(null, chunk);
      return;
    }
    setTimeout((chunk.byteLength / bytesPerSecond) * 1000, undefined, { signal: this.#stop.signal }).then(
      () => callback(null, chunk),
      () => undefined,
    );
  }

  override _flush(callback: TransformCallback): void {
    this.#onWhole();
    if (this.#pace.mark) this.#reach(this.#pace.mark);
    if (!this.destroyed) callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#stop.abort();
    callback(error);
  }

  #reach(mark: NonNullable<ReadPace['mark']>): void {
    if (this.#marked) return;
    this.#marked = true;
    mark.onReached(this.#bytes);
  }
}

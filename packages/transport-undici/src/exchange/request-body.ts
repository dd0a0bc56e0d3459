import type { Clock, RequestBody } from '@ferry/core';

export interface BodyObserver {
  /** The body is about to be opened: a body that exists once cannot be sent again. */
  onOpen(): void;
  /** How large the next piece may be; see `pieceBytes`. */
  pieceBytes(tookMs: number | undefined): number;
  /** So many more bytes are about to be handed to the protocol. */
  onPiece(bytes: number): void;
  /** The source failed, or yielded too few or too many bytes. The stream must be reset before this returns. */
  onSourceError(error: Error): void;
}

/** Thrown into undici when the body must stop: it never returns short, since undici would end the upload as whole. */
class BodyStopped extends Error {
  override readonly name: string = 'BodyStopped';
}

class SourceError extends Error {
  override readonly name: string = 'SourceError';
}

/**
 * The request body of one attempt as the generator that undici reads: the only form of body whose abort does not hang
 * Node 26, and one that undici never resends. It ends normally only after exactly `byteLength` bytes.
 */
export class BodyFeed {
  readonly #body: RequestBody;
  readonly #clock: Clock;
  readonly #observer: BodyObserver;
  #stopped = false;
  #parked = false;
  #sourceWaiting = false;
  #wake: ((error: Error) => void) | undefined;

  constructor(body: RequestBody, clock: Clock, observer: BodyObserver) {
    this.#body = body;
    this.#clock = clock;
    this.#observer = observer;
  }

  /** The source has been asked for a slice and has not answered yet. */
  get sourceWaiting(): boolean {
    return this.#sourceWaiting;
  }

  /** The answer is there already: yields nothing more, and does not end either, until `stop()`. */
  park(): void {
    this.#parked = true;
  }

  /** The exchange is over: throws into undici wherever it stands. */
  stop(): void {
    this.#stopped = true;
    // Most often nobody waits any more, and an error with its stack is not free.
    this.#wake?.(new BodyStopped('the exchange is over'));
  }

  async *pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    let iterator: AsyncIterator<Uint8Array> | undefined;
    let drained = false;
    let total = 0;
    let tookMs: number | undefined;
    const { byteLength } = this.#body;
    try {
      // undici starts the generator within its write(), where it cannot bear an abort: its queue would lose count.
      await Promise.resolve();
      iterator = this.#open();
      for (;;) {
        const slice = await this.#next(iterator);
        if (slice === undefined) break;
        total += slice.byteLength;
        if (byteLength !== undefined && total > byteLength) {
          throw new SourceError(`the body yielded more than its ${byteLength} bytes`);
        }
        for (let at = 0; at < slice.byteLength; ) {
          const piece = slice.subarray(at, at + this.#observer.pieceBytes(tookMs));
          at += piece.byteLength;
          this.#observer.onPiece(piece.byteLength);
          const since = this.#clock.now();
          yield piece;
          tookMs = this.#clock.now() - since;
          if (this.#parked || this.#stopped) await this.#interruptible(new Promise<never>(() => undefined));
        }
      }
      drained = true;
      if (byteLength !== undefined && total !== byteLength) {
        throw new SourceError(`the body yielded ${total} of its ${byteLength} bytes`);
      }
    } catch (error) {
      if (error instanceof SourceError) this.#observer.onSourceError(error);
      throw error;
    } finally {
      // Not awaited: the return of a generator that is stuck in an await of its own never settles.
      if (!drained) void release(iterator);
    }
  }

  #open(): AsyncIterator<Uint8Array> {
    this.#observer.onOpen();
    try {
      return this.#body.open()[Symbol.asyncIterator]();
    } catch (error) {
      throw unreadable(error);
    }
  }

  async #next(iterator: AsyncIterator<Uint8Array>): Promise<Uint8Array | undefined> {
    this.#sourceWaiting = true;
    let result: IteratorResult<Uint8Array>;
    try {
      result = await this.#interruptible(iterator.next());
    } catch (error) {
      throw error instanceof BodyStopped ? error : unreadable(error);
    } finally {
      this.#sourceWaiting = false;
    }
    if (result.done === true) return undefined;
    if (!(result.value instanceof Uint8Array))
      throw new SourceError('the body yielded something else than bytes');
    return result.value;
  }

  #interruptible<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#wake = reject;
      promise.then(
        (value) => {
          this.#wake = undefined;
          resolve(value);
        },
        (error: unknown) => {
          this.#wake = undefined;
          reject(error);
        },
      );
      if (this.#stopped) this.stop();
    });
  }
}

function unreadable(cause: unknown): SourceError {
  return new SourceError('the body could not be read', { cause });
}

async function release(iterator: AsyncIterator<Uint8Array> | undefined): Promise<void> {
  try {
    await iterator?.return?.();
  } catch {
    // The exchange has failed already, for its own reason.
  }
}

import type { RequestBody } from '@ferry/core';

export interface BodyObserver {
  /** The body is about to be opened: a body that exists once cannot be sent again. */
  onBodyOpen(): void;
  /** How large the next piece may be; see `pieceBytes`. */
  pieceBytes(): number;
  /** The piece before has been taken, by flow control and the socket: the next is asked for. */
  onPieceTaken(): void;
  /** So many more bytes are about to be handed to the protocol. `last`: they are all that the body said it has. */
  onPiece(bytes: number, last: boolean): void;
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

type Step = IteratorResult<Uint8Array, undefined>;

interface Pull {
  readonly resolve: (step: Step) => void;
  readonly reject: (error: unknown) => void;
}

const READY = Promise.resolve();

/**
 * The request body of one attempt as the iterator that undici reads: a form of body whose abort does not hang Node 26, and
 * one that undici never resends. It ends normally only after exactly `byteLength` bytes. By hand, since the generator that
 * it could be takes three promises more for each piece.
 */
export class BodyFeed implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #body: RequestBody;
  readonly #observer: BodyObserver;
  #source: AsyncIterator<Uint8Array> | undefined;
  /** What undici waits for. */
  #pull: Pull | undefined;
  /** The slice that is being handed over in pieces, and how much of it is. */
  #slice: Uint8Array | undefined;
  #sliceAt = 0;
  #total = 0;
  #sourceWaiting = false;
  #parked = false;
  #stopped = false;
  #released = false;

  constructor(body: RequestBody, observer: BodyObserver) {
    this.#body = body;
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

  /** The exchange is over: throws into undici wherever it stands, and lets go of the source. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#refuse();
    this.#release();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Step> {
    return new Promise((resolve, reject) => {
      this.#pull = { resolve, reject };
      if (this.#total > 0) this.#observer.onPieceTaken();
      if (this.#source === undefined) {
        // undici asks first within its write(), where it cannot bear an abort: its queue would lose count.
        READY.then(() => this.#open());
      } else {
        this.#goOn();
      }
    });
  }

  /** undici leaves early, when the socket has failed. */
  return(): Promise<Step> {
    this.#stopped = true;
    this.#release();
    return Promise.resolve({ done: true, value: undefined });
  }

  #open(): void {
    try {
      if (!this.#stopped) {
        this.#observer.onBodyOpen();
        this.#source = this.#body.open()[Symbol.asyncIterator]();
      }
      this.#goOn();
    } catch (error) {
      this.#fail(unreadable(error));
    }
  }

  #goOn(): void {
    if (this.#stopped) this.#refuse();
    else if (this.#parked) return;
    else if (this.#slice === undefined) this.#ask();
    else this.#hand(this.#slice);
  }

  #ask(): void {
    this.#sourceWaiting = true;
    try {
      this.#source?.next().then(this.#onStep, this.#onUnreadable);
    } catch (error) {
      this.#onUnreadable(error);
    }
  }

  readonly #onStep = (step: IteratorResult<Uint8Array>): void => {
    this.#sourceWaiting = false;
    if (this.#stopped) return;
    try {
      this.#take(step);
    } catch (error) {
      // An observer's own: undici tells it on.
      this.#settle()?.reject(error);
    }
  };

  readonly #onUnreadable = (error: unknown): void => {
    this.#sourceWaiting = false;
    if (!this.#stopped) this.#fail(unreadable(error));
  };

  #take({ done, value }: IteratorResult<Uint8Array>): void {
    const { byteLength } = this.#body;
    if (done === true) {
      if (byteLength === undefined || this.#total === byteLength) this.#finish();
      else this.#fail(new SourceError(`the body yielded ${this.#total} of its ${byteLength} bytes`));
    } else if (!(value instanceof Uint8Array)) {
      this.#fail(new SourceError('the body yielded something else than bytes'));
    } else if (byteLength !== undefined && this.#total + value.byteLength > byteLength) {
      this.#fail(new SourceError(`the body yielded more than its ${byteLength} bytes`));
    } else if (value.byteLength === 0) {
      this.#ask();
    } else if (!this.#parked) {
      this.#hand(value);
    }
  }

  #hand(slice: Uint8Array): void {
    const start = this.#sliceAt;
    const end = Math.min(start + this.#observer.pieceBytes(), slice.byteLength);
    const whole = end === slice.byteLength;
    this.#slice = whole ? undefined : slice;
    this.#sliceAt = whole ? 0 : end;
    this.#total += end - start;
    this.#observer.onPiece(end - start, this.#total === this.#body.byteLength);
    const piece = whole && start === 0 ? slice : slice.subarray(start, end);
    this.#settle()?.resolve({ done: false, value: piece });
  }

  #finish(): void {
    this.#released = true;
    this.#settle()?.resolve({ done: true, value: undefined });
  }

  #fail(error: SourceError): void {
    this.#stopped = true;
    this.#sourceWaiting = false;
    const pull = this.#settle();
    this.#observer.onSourceError(error);
    pull?.reject(error);
    this.#release();
  }

  /** Most often nobody waits any more, and an error with its stack is not free. */
  #refuse(): void {
    this.#settle()?.reject(new BodyStopped('the exchange is over'));
  }

  #settle(): Pull | undefined {
    const pull = this.#pull;
    this.#pull = undefined;
    return pull;
  }

  /** Not awaited: the return of a generator that is stuck in an await of its own never settles. */
  #release(): void {
    if (this.#released || this.#source === undefined) return;
    this.#released = true;
    try {
      this.#source.return?.().catch(() => undefined);
    } catch {
      // The exchange has failed already, for its own reason.
    }
  }
}

function unreadable(cause: unknown): SourceError {
  return new SourceError('the body could not be read', { cause });
}

import type { Turn } from './turn.ts';
import { type Waiter, WaitingLine } from './waiting-line.ts';

/** A place that must be given back. Releasing twice does nothing. */
export interface Permit extends Disposable {
  release(): void;
}

/** The line is as long as it may be, and a place in it would be somebody else's. */
export class LineFullError extends Error {
  override readonly name = 'LineFullError';

  constructor() {
    super('too many wait already');
  }
}

/** A moment's count of a limiter. */
export interface LineState {
  readonly running: number;
  readonly waiting: number;
  /** The most that may run at once. */
  readonly limit: number;
}

interface Waiting extends Waiter {
  grant(): void;
  refuse(error: unknown): void;
}

/**
 * At most `size` permits at once, handed on to the caller that holds the fewest, request by request in turn. A line that is full is
 * shortened where it is longest: a caller that fills it turns its own requests away, not those of others.
 */
export class FairLimiter {
  readonly #maxWaiting: number;
  readonly #held = new Map<string, number>();
  readonly #line = new WaitingLine<Waiting>();
  #size: number;
  /** More than the size while a smaller one waits for permits to be released. */
  #taken = 0;

  /** @param maxWaiting default without limit. */
  constructor(size: number, maxWaiting: number = Number.POSITIVE_INFINITY) {
    this.#size = size;
    this.#maxWaiting = maxWaiting;
  }

  /** Permits that are not taken. */
  get free(): number {
    return Math.max(0, this.#size - this.#taken);
  }

  /** Permits that are held. */
  get taken(): number {
    return this.#taken;
  }

  /** How many wait for one. */
  get waiting(): number {
    return this.#line.size;
  }

  /** What runs and what waits, for people to look at. */
  get state(): LineState {
    return { running: this.#taken, waiting: this.#line.size, limit: this.#size };
  }

  /** Allows more or fewer from now on. Nobody loses a permit: with fewer, the next waits until enough were released. */
  resize(size: number): void {
    this.#size = size;
    this.#handOn();
  }

  /**
   * Takes a permit in the name of `turn`. Rejects with the signal's reason the moment it aborts, and holds nothing then.
   * @throws LineFullError, also later, when a caller that waits with less needs the place in the line.
   */
  acquire(turn: Turn, signal: AbortSignal): Promise<Permit> {
    if (signal.aborted) return Promise.reject(signal.reason);
    const free = this.tryAcquire(turn);
    if (free !== undefined) return Promise.resolve(free);
    if (!this.#hasRoomFor(turn)) return Promise.reject(new LineFullError());
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void): void => {
        signal.removeEventListener('abort', onAbort);
        finish();
      };
      const waiting: Waiting = {
        turn,
        grant: () => settle(() => resolve(this.#permit(turn))),
        refuse: (error) => settle(() => reject(error)),
      };
      const onAbort = (): void => {
        this.#line.remove(waiting);
        reject(signal.reason);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#line.add(waiting);
    });
  }

  /** Takes a permit that is free now; undefined when there is none. Nobody is overtaken: while some wait, none is free. */
  tryAcquire(turn: Turn): Permit | undefined {
    if (this.free === 0) return undefined;
    return this.#permit(turn);
  }

  /** Makes room where the line is longest, unless that is this caller's own part of it. */
  #hasRoomFor({ caller }: Turn): boolean {
    if (this.#line.size < this.#maxWaiting) return true;
    if (this.#line.lengthOf(caller) + 1 >= this.#line.longest) return false;
    this.#line.takeNewestOfLongest()?.refuse(new LineFullError());
    return true;
  }

  #permit({ caller }: Turn): Permit {
    this.#taken += 1;
    this.#held.set(caller, this.#heldBy(caller) + 1);
    let isHeld = true;
    const release = (): void => {
      if (!isHeld) return;
      isHeld = false;
      this.#taken -= 1;
      const left = this.#heldBy(caller) - 1;
      if (left > 0) this.#held.set(caller, left);
      else this.#held.delete(caller);
      this.#handOn();
    };
    return { release, [Symbol.dispose]: release };
  }

  #handOn(): void {
    while (this.free > 0) {
      const next = this.#line.takeNext((caller) => this.#heldBy(caller));
      if (next === undefined) return;
      next.grant();
    }
  }

  #heldBy(caller: string): number {
    return this.#held.get(caller) ?? 0;
  }
}

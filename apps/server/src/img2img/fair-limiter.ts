/** A place that must be given back. Releasing twice does nothing. */
export interface Permit extends Disposable {
  release(): void;
}

interface Waiter {
  grant(): void;
}

/**
 * At most `size` permits at once. Owners that wait are served in turn, one permit each, so that a request with sixteen
 * images does not hold up one with a single image.
 */
export class FairLimiter {
  #size: number;
  /** Below 0 while more are held than a new size allows. */
  #free: number;
  /** Insertion order is the turn: an owner that was served goes to the end. */
  readonly #waiting = new Map<object, Waiter[]>();

  constructor(size: number) {
    this.#size = size;
    this.#free = size;
  }

  /** Permits that are not taken. */
  get free(): number {
    return Math.max(0, this.#free);
  }

  /** Allows more or fewer from now on. Nobody loses a permit: with fewer, the next waits until enough were released. */
  resize(size: number): void {
    this.#free += size - this.#size;
    this.#size = size;
    this.#handOn();
  }

  /** Takes a permit for `owner`. Rejects with the signal's reason the moment it aborts, and holds nothing then. */
  acquire(owner: object, signal: AbortSignal): Promise<Permit> {
    if (signal.aborted) return Promise.reject(signal.reason);
    const free = this.tryAcquire();
    if (free !== undefined) return Promise.resolve(free);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        grant: () => {
          signal.removeEventListener('abort', onAbort);
          resolve(this.#permit());
        },
      };
      const onAbort = () => {
        this.#leave(owner, waiter);
        reject(signal.reason);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      const queue = this.#waiting.get(owner);
      if (queue) queue.push(waiter);
      else this.#waiting.set(owner, [waiter]);
    });
  }

  /** Takes a permit that is free now; undefined when there is none. Nobody is overtaken: while some wait, none is free. */
  tryAcquire(): Permit | undefined {
    if (this.#free <= 0) return undefined;
    this.#free -= 1;
    return this.#permit();
  }

  #permit(): Permit {
    let held = true;
    const release = (): void => {
      if (!held) return;
      held = false;
      this.#free += 1;
      this.#handOn();
    };
    return { release, [Symbol.dispose]: release };
  }

  #handOn(): void {
    while (this.#free > 0) {
      const next = this.#next();
      if (next === undefined) return;
      this.#free -= 1;
      next.grant();
    }
  }

  #next(): Waiter | undefined {
    for (const [owner, queue] of this.#waiting) {
      const next = queue.shift();
      this.#waiting.delete(owner);
      if (queue.length > 0) this.#waiting.set(owner, queue);
      if (next !== undefined) return next;
    }
    return undefined;
  }

  #leave(owner: object, waiter: Waiter): void {
    const queue = this.#waiting.get(owner)?.filter((other) => other !== waiter) ?? [];
    if (queue.length > 0) this.#waiting.set(owner, queue);
    else this.#waiting.delete(owner);
  }
}

import { type Clock, systemClock } from '@ferry/core';

/** The system's clock, with a count of the timers that run, and a wall clock that can jump. */
export class TrackedClock implements Clock {
  #pending = 0;
  #jumpMs = 0;

  /** Timers that have neither fired nor been cancelled. */
  get pending(): number {
    return this.#pending;
  }

  now(): number {
    return systemClock.now();
  }

  wallNow(): number {
    return systemClock.wallNow() + this.#jumpMs;
  }

  after(delayMs: number, callback: () => void, options?: { readonly keepAlive?: boolean }): () => void {
    this.#pending += 1;
    let runs = true;
    const over = () => {
      if (runs) this.#pending -= 1;
      runs = false;
    };
    const cancel = systemClock.after(
      delayMs,
      () => {
        over();
        callback();
      },
      options,
    );
    return () => {
      over();
      cancel();
    };
  }

  /** The machine was suspended: only the wall clock went on. */
  jump(ms: number): void {
    this.#jumpMs += ms;
  }
}

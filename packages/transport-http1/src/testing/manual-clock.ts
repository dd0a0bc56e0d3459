import type { Clock } from '@ferry/core';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that stands still until a test moves it. Milliseconds. */
export class ManualClock implements Clock {
  #now = 0;
  #suspendedMs = 0;
  readonly #timers = new Set<Timer>();

  /** Timers that have neither fired nor been cancelled. */
  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return this.#now + this.#suspendedMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Time passes and timers fire. */
  advance(byMs: number): void {
    this.#now += byMs;
    for (const timer of [...this.#timers].sort((a, b) => a.at - b.at)) {
      if (timer.at <= this.#now && this.#timers.delete(timer)) timer.callback();
    }
  }

  /** The machine sleeps: only the wall clock goes on, and no timer fires. */
  suspend(forMs: number): void {
    this.#suspendedMs += forMs;
  }
}

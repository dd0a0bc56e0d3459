import type { Clock } from '../time/clock.ts';

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/**
 * A clock that stands still until it is told to go on. Callbacks run inside `advance`, in the order of their times.
 * Milliseconds.
 */
export class FakeClock implements Clock {
  readonly #timers = new Set<Timer>();
  readonly #waiting = new Set<() => void>();
  #now = 0;
  #wall: number;
  #order = 0;

  constructor(wallNow: number = Date.UTC(2026, 0, 1)) {
    this.#wall = wallNow;
  }

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return this.#wall;
  }

  after(delayMs: number, callback: () => void): () => void {
    this.#order += 1;
    const timer: Timer = { at: this.#now + Math.max(0, delayMs), order: this.#order, callback };
    this.#timers.add(timer);
    for (const wake of [...this.#waiting]) wake();
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** Timers that are set and have not fired. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Resolves once at least `count` timers are set, with the milliseconds until the first of them fires. */
  async untilPending(count = 1): Promise<number> {
    while (this.#timers.size < count) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
    return (this.#first()?.at ?? this.#now) - this.#now;
  }

  /** Lets time pass, on both clocks. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let timer = this.#first(); timer !== undefined && timer.at <= end; timer = this.#first()) {
      this.#pass(timer.at - this.#now);
      this.#timers.delete(timer);
      timer.callback();
    }
    this.#pass(end - this.#now);
  }

  /** The machine was suspended: the wall clock went on, the monotonic one and its timers did not. */
  suspend(ms: number): void {
    this.#wall += ms;
  }

  #pass(ms: number): void {
    this.#now += ms;
    this.#wall += ms;
  }

  #first(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (
        first === undefined ||
        timer.at < first.at ||
        (timer.at === first.at && timer.order < first.order)
      ) {
        first = timer;
      }
    }
    return first;
  }
}

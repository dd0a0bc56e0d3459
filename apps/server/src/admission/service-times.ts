import type { Clock } from '@ferry/core';
import type { Permit } from './fair-limiter.ts';

/** How much the newest time counts: after five equal ones, more than half of the mean is theirs. */
const WEIGHT = 0.15;

interface Running {
  readonly since: number;
}

/** How long work has taken lately, and so how long a newcomer would wait for a place. Milliseconds. */
export class ServiceTimes {
  readonly #clock: Clock;
  readonly #running = new Set<Running>();
  /** Exponentially weighted. */
  #meanMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A piece of work begins, and lasts as long as its permit is held. */
  timed(permit: Permit): Permit {
    const running: Running = { since: this.#clock.now() };
    this.#running.add(running);
    const release = (): void => {
      if (this.#running.delete(running)) this.#took(this.#clock.now() - running.since);
      permit.release();
    };
    return { release, [Symbol.dispose]: release };
  }

  /**
   * When whoever comes behind `waiting` others would have one of `places`: they come free one after the other, each after
   * its share of the mean time.
   */
  untilPlaceMs(waiting: number, places: number): number {
    return (this.#typicalMs() * (waiting + 1)) / Math.max(1, places);
  }

  #took(ms: number): void {
    this.#meanMs = this.#meanMs === undefined ? ms : this.#meanMs + WEIGHT * (ms - this.#meanMs);
  }

  /** What runs longer than what has ended says that things have become slower. */
  #typicalMs(): number {
    const now = this.#clock.now();
    const ages = [...this.#running].map(({ since }) => now - since);
    const meanAge = ages.length === 0 ? 0 : ages.reduce((sum, age) => sum + age, 0) / ages.length;
    return Math.max(this.#meanMs ?? 0, meanAge);
  }
}

import type { Clock } from '@ferry/core';

/** What was measured longer ago, in milliseconds, says nothing of now. */
const RECENT_MS = 1_000;

/** How long the latest piece of any body took on one connection, so that the next body need not begin with caution. */
export class RecentPace {
  readonly #clock: Clock;
  #tookMs = 0;
  #at = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** In milliseconds; undefined when no piece was taken lately. */
  get tookMs(): number | undefined {
    return this.#clock.now() - this.#at <= RECENT_MS ? this.#tookMs : undefined;
  }

  /** A piece was taken, `tookMs` after it was handed over. */
  note(tookMs: number): void {
    this.#tookMs = tookMs;
    this.#at = this.#clock.now();
  }
}

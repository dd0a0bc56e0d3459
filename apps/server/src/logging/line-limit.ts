import { type Clock, systemClock } from '@ferry/core';

export interface LineLimitOptions {
  /** Lines in each period. */
  readonly lines: number;
  /** Milliseconds. */
  readonly periodMs: number;
  readonly clock?: Clock;
}

/** So many lines in a period and no more: what strangers do must not fill the disk with our log. */
export class LineLimit {
  readonly #lines: number;
  readonly #periodMs: number;
  readonly #clock: Clock;
  #periodEnds = Number.NEGATIVE_INFINITY;
  #written = 0;
  #leftOut = 0;

  constructor({ lines, periodMs, clock = systemClock }: LineLimitOptions) {
    this.#lines = lines;
    this.#periodMs = periodMs;
    this.#clock = clock;
  }

  /** For one line: how many were left out since the last that was not; undefined when this one is left out as well. */
  take(): number | undefined {
    const now = this.#clock.now();
    if (now >= this.#periodEnds) {
      this.#periodEnds = now + this.#periodMs;
      this.#written = 0;
    }
    if (this.#written >= this.#lines) {
      this.#leftOut += 1;
      return undefined;
    }
    this.#written += 1;
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    return leftOut;
  }
}

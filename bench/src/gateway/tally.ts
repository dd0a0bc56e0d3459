import type { LoadOrder } from './load.ts';

/** Counts a load's requests: first those that warm up, which are forgotten, then those that are measured, until there are enough. */
export class Tally {
  readonly latenciesMs: number[] = [];
  /** Requests that ended well since the warm-up, also those that had begun in it. */
  answered = 0;
  failures = 0;
  readonly #order: LoadOrder;
  readonly #onMeasuring: () => void;
  readonly #startedAt = performance.now();
  #measuringSince: number | undefined;

  constructor(order: LoadOrder, onMeasuring: () => void) {
    this.#order = order;
    this.#onMeasuring = onMeasuring;
  }

  /** An answer, or undefined for a failure. True when that was the last one needed. */
  add(latencyMs: number | undefined): boolean {
    const now = performance.now();
    if (this.#measuringSince === undefined) {
      if (now - this.#startedAt >= this.#order.warmUpMs) {
        this.#measuringSince = now;
        this.#onMeasuring();
      }
      return this.#isLate(now);
    }
    if (latencyMs === undefined) this.failures += 1;
    else {
      this.answered += 1;
      // What began in the warm-up met connections that were cold.
      if (now - latencyMs >= this.#measuringSince) this.latenciesMs.push(latencyMs);
    }
    const { measureMs, minRequests } = this.#order;
    const enough = this.latenciesMs.length + this.failures >= minRequests;
    return (enough && now - this.#measuringSince >= measureMs) || this.#isLate(now);
  }

  #isLate(now: number): boolean {
    return now - this.#startedAt >= this.#order.maxMs;
  }
}

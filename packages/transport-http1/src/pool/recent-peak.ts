/** The most requests at once within a recent window: how many spares are worth keeping. */
export class RecentPeak {
  readonly #windowMs: number;
  #peak = 0;
  #seenAt = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Notes the present concurrency and returns the peak. `now` in milliseconds, monotonic. */
  note(concurrency: number, now: number): number {
    if (concurrency >= this.#peak || now - this.#seenAt > this.#windowMs) {
      this.#peak = concurrency;
      this.#seenAt = now;
    }
    return this.#peak;
  }
}

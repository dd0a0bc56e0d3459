/** The most requests at once in the last one to two windows; old traffic is forgotten. */
export class RecentPeak {
  readonly #windowMs: number;
  #start = Number.NEGATIVE_INFINITY;
  #current = 0;
  #previous = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** @param now monotonic milliseconds. */
  note(value: number, now: number): void {
    this.#turn(now);
    this.#current = Math.max(this.#current, value);
  }

  at(now: number): number {
    this.#turn(now);
    return Math.max(this.#current, this.#previous);
  }

  #turn(now: number): void {
    const windows = Math.floor((now - this.#start) / this.#windowMs);
    if (windows < 1) return;
    this.#previous = windows === 1 ? this.#current : 0;
    this.#current = 0;
    this.#start = now;
  }
}

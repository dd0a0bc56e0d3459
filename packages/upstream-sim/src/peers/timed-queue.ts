interface Entry {
  /** By `performance.now()`. */
  at: number;
  readonly act: () => void;
}

/** Acts in order, each no sooner than its time. One timer: of two that end in the same millisecond either may fire first. */
export class TimedQueue {
  readonly #entries: Entry[] = [];
  #timer: NodeJS.Timeout | undefined;
  #running = false;

  /** Times must not go back from entry to entry. What is due is done before this returns. */
  push(at: number, act: () => void): void {
    this.#entries.push({ at, act });
    this.#run();
  }

  /** Does all that waits, now. */
  rush(): void {
    for (const entry of this.#entries) entry.at = 0;
    this.#run();
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#entries.length = 0;
  }

  #run(): void {
    // An act may put another one in its place: it waits for its turn.
    if (this.#running) return;
    this.#running = true;
    clearTimeout(this.#timer);
    const now = performance.now();
    for (let first = this.#entries[0]; first !== undefined && first.at <= now; first = this.#entries[0]) {
      this.#entries.shift();
      first.act();
    }
    this.#running = false;
    const next = this.#entries[0];
    if (next !== undefined) this.#timer = setTimeout(() => this.#run(), next.at - now);
  }
}

/** How often it looks, in milliseconds. */
const TICK_MS = 20;

/** Counts the time in which this process could do nothing at all: on a busy machine no limit can be kept then. */
export class Stalls implements Disposable {
  #lostMs = 0;
  #lookedAt = performance.now();
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setInterval(() => this.#look(), TICK_MS);
  }

  /** All of it so far, in milliseconds. */
  get lostMs(): number {
    this.#look();
    return this.#lostMs;
  }

  #look(): void {
    const now = performance.now();
    this.#lostMs += Math.max(0, now - this.#lookedAt - TICK_MS);
    this.#lookedAt = now;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

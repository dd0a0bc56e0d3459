/** What waits to be written. Bounded: what does not fit is given up, oldest first, and counted. */
export class WriteBuffer<T> {
  readonly #limit: number;
  #waiting: T[] = [];
  #dropped = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** How many were given up since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  add(item: T): void {
    this.#waiting.push(item);
    this.#trim();
  }

  /** The oldest, at most `count`. */
  take(count: number): T[] {
    return this.#waiting.splice(0, count);
  }

  /** What was taken and could not be written. */
  putBack(items: readonly T[]): void {
    this.#waiting = [...items, ...this.#waiting];
    this.#trim();
  }

  /** What was taken and can never be written. */
  giveUp(items: readonly T[]): void {
    this.#dropped += items.length;
  }

  #trim(): void {
    const over = this.#waiting.length - this.#limit;
    if (over <= 0) return;
    this.#waiting.splice(0, over);
    this.#dropped += over;
  }
}

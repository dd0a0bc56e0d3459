/** How much is taken at a time. */
const STEP_BYTES = 256 * 1024;

export interface MemoryBudgetOptions {
  /** All that spools may hold together beyond their own `memoryBytes`. */
  readonly bytes: number;
  /** The most of it that one spool takes: one that grows beyond goes to the disk. */
  readonly spoolBytes: number;
}

/**
 * Memory that spools share, so that most images never see the disk, and many large ones at once cost no more than they may: who
 * finds none left does without.
 */
export class MemoryBudget {
  readonly bytes: number;
  readonly spoolBytes: number;
  #free: number;

  constructor({ bytes, spoolBytes }: MemoryBudgetOptions) {
    this.bytes = bytes;
    this.spoolBytes = spoolBytes;
    this.#free = bytes;
  }

  /** Bytes that nobody has taken. */
  get free(): number {
    return this.#free;
  }

  /** Takes `bytes`, or none where less than that is free: whether it did. */
  take(bytes: number): boolean {
    if (bytes > this.#free) return false;
    this.#free -= bytes;
    return true;
  }

  /** Gives back what was taken. */
  give(bytes: number): void {
    this.#free += bytes;
  }
}

/** What one spool has taken of a budget. */
export class MemoryShare {
  readonly #budget: MemoryBudget;
  #bytes = 0;

  constructor(budget: MemoryBudget) {
    this.#budget = budget;
  }

  /** Whether it now is at least `wanted` bytes. */
  growTo(wanted: number): boolean {
    if (wanted > this.#budget.spoolBytes) return false;
    const missing = Math.max(0, wanted - this.#bytes);
    const step = Math.min(
      Math.ceil(missing / STEP_BYTES) * STEP_BYTES,
      this.#budget.spoolBytes - this.#bytes,
    );
    if (!this.#budget.take(step)) return false;
    this.#bytes += step;
    return true;
  }

  /** Gives back what is beyond `needed` bytes. */
  shrinkTo(needed: number): void {
    const spare = Math.max(0, this.#bytes - Math.max(0, needed));
    this.#budget.give(spare);
    this.#bytes -= spare;
  }
}

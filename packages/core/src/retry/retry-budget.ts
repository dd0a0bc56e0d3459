import { type Clock, systemClock } from '../time/clock.ts';

export interface RetryBudgetOptions {
  /** Retries allowed for each recent request. Default 0.2. */
  readonly ratio?: number;
  /** Retries allowed in a window however few requests there are. Default 30. */
  readonly floor?: number;
  /** How long a request or a retry counts as recent, in milliseconds. Default 10 000. */
  readonly windowMs?: number;
  readonly clock?: Clock;
}

const SLOTS = 10;

interface Slot {
  /** Which slice of time the counts belong to. */
  tick: number;
  requests: number;
  retries: number;
}

/**
 * Keeps retries of all requests together to a fraction of the traffic: when an upstream fails for everybody, three
 * retries each would quadruple the load it is failing under. The floor lets a quiet client retry at all. A token bucket
 * whose tokens expire, in the way of Finagle's `RetryBudget`.
 */
export class RetryBudget {
  readonly #ratio: number;
  readonly #floor: number;
  readonly #slotMs: number;
  readonly #clock: Clock;
  readonly #slots: Slot[] = Array.from({ length: SLOTS }, () => ({ tick: -1, requests: 0, retries: 0 }));

  constructor(options: RetryBudgetOptions = {}) {
    this.#ratio = options.ratio ?? 0.2;
    this.#floor = options.floor ?? 30;
    this.#slotMs = (options.windowMs ?? 10_000) / SLOTS;
    this.#clock = options.clock ?? systemClock;
  }

  /** Counts a logical request (not an attempt). */
  deposit(): void {
    this.#slot().requests += 1;
  }

  /** Takes one retry out of the budget; false, and nothing taken, when it is spent. */
  withdraw(): boolean {
    if (this.available() < 1) return false;
    this.#slot().retries += 1;
    return true;
  }

  /** Retries that could be made now. */
  available(): number {
    const oldest = this.#tick() - SLOTS;
    let balance = this.#floor;
    for (const slot of this.#slots) {
      if (slot.tick > oldest) balance += slot.requests * this.#ratio - slot.retries;
    }
    return Math.max(0, balance);
  }

  #tick(): number {
    return Math.floor(this.#clock.now() / this.#slotMs);
  }

  #slot(): Slot {
    const tick = this.#tick();
    const index = tick % SLOTS;
    const found = this.#slots[index];
    if (found?.tick === tick) return found;
    const slot: Slot = { tick, requests: 0, retries: 0 };
    this.#slots[index] = slot;
    return slot;
  }
}

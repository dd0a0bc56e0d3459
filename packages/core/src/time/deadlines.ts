import { DenseSet, type Placed } from '../collection/dense-set.ts';
import type { Clock } from './clock.ts';

/** setTimeout's largest delay; a deadline beyond it is looked at again then. */
const MAX_DELAY_MS = 2_147_483_647;

/** Something that happens at a time, unless it is removed before. */
export interface Deadline extends Placed {
  /** When, by the clock's `now()`; infinite for not at present. Bringing it forward takes a `hasten()`. */
  readonly dueAt: number;
  /** It is due. It stays where it is until it is removed, and must move its `dueAt` or remove itself. */
  onDue(now: number): void;
}

/**
 * Many deadlines on one timer. Nearly all limits of an exchange are removed long before they are due, and a timer of Node's
 * own for each of them costs more than the rest of the bookkeeping. So a removed deadline leaves the timer as it is: that
 * fires once for nobody, and looks for the next. The timer does not keep the process running.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #all = new DenseSet<Deadline>();
  #firesAt = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(deadline: Deadline): void {
    this.#all.add(deadline);
    this.hasten(deadline);
  }

  delete(deadline: Deadline): void {
    this.#all.delete(deadline);
  }

  /** The deadline may have come nearer. */
  hasten({ dueAt }: Deadline): void {
    if (dueAt < this.#firesAt) this.#arm(dueAt);
  }

  /** Leaves no timer behind. */
  clear(): void {
    this.#all.clear();
    this.#disarm();
  }

  #arm(at: number): void {
    this.#disarm();
    const delayMs = Math.ceil(Math.min(Math.max(0, at - this.#clock.now()), MAX_DELAY_MS));
    this.#firesAt = at;
    this.#cancel = this.#clock.after(delayMs, () => this.#fire(), { keepAlive: false });
  }

  #disarm(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#firesAt = Number.POSITIVE_INFINITY;
  }

  #fire(): void {
    this.#disarm();
    const now = this.#clock.now();
    for (const deadline of this.#all) {
      // It may have been removed by one before it.
      if (deadline.dueAt <= now && this.#all.has(deadline)) deadline.onDue(now);
    }
    let next = Number.POSITIVE_INFINITY;
    for (const { dueAt } of this.#all) next = Math.min(next, dueAt);
    if (next < this.#firesAt) this.#arm(next);
  }
}

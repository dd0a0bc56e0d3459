import type { AttemptLimits, Clock, Phase } from '@ferry/core';

/** The limits of one attempt, by name. */
export type LimitName = keyof AttemptLimits;

/** What a limit that has passed says, in words for people. */
export const LIMIT_REASON: Readonly<Record<LimitName, string>> = {
  connectMs: 'no connection',
  headersMs: 'no response headers',
  idleMs: 'no progress',
  totalMs: 'not finished',
};

/**
 * The four clocks of one attempt. got's timers and Node's socket timeouts are not used: they start elsewhere, and they
 * cannot be injected.
 */
export class Limits {
  readonly #clock: Clock;
  readonly #limits: AttemptLimits;
  readonly #passed: (limit: LimitName) => void;
  readonly #running = new Map<LimitName, () => void>();

  constructor(clock: Clock, limits: AttemptLimits, passed: (limit: LimitName) => void) {
    this.#clock = clock;
    this.#limits = limits;
    this.#passed = passed;
  }

  /** Starts a limit, or starts it over. */
  start(limit: LimitName): void {
    this.stop(limit);
    const cancel = this.#clock.after(this.#limits[limit], () => {
      this.#running.delete(limit);
      this.#passed(limit);
    });
    this.#running.set(limit, cancel);
  }

  stop(limit: LimitName): void {
    this.#running.get(limit)?.();
    this.#running.delete(limit);
  }

  stopAll(): void {
    for (const cancel of this.#running.values()) cancel();
    this.#running.clear();
  }
}

/** Adds up the milliseconds spent in each phase. */
export class PhaseTimes {
  readonly #clock: Clock;
  readonly #spent: Partial<Record<Phase, number>> = {};
  #phase: Phase = 'acquire';
  #since: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.now();
  }

  get phase(): Phase {
    return this.#phase;
  }

  enter(phase: Phase): void {
    this.#add();
    this.#phase = phase;
  }

  /** Up to now, the running phase included. */
  read(): Readonly<Partial<Record<Phase, number>>> {
    this.#add();
    return { ...this.#spent };
  }

  #add(): void {
    const now = this.#clock.now();
    this.#spent[this.#phase] = (this.#spent[this.#phase] ?? 0) + (now - this.#since);
    this.#since = now;
  }
}

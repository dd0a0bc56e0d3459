import type { AttemptLimits, Clock } from '@ferry/core';

/** The limits of one attempt, by name. */
export type LimitName = keyof AttemptLimits;

/** What a limit that has passed says, in words for people. */
export const LIMIT_REASON: Readonly<Record<LimitName, string>> = {
  connectMs: 'no connection',
  headersMs: 'no response headers',
  idleMs: 'no progress',
  totalMs: 'not finished',
};

const LIMITS: readonly LimitName[] = ['connectMs', 'headersMs', 'idleMs', 'totalMs'];

const NEVER = Number.POSITIVE_INFINITY;

/**
 * The four clocks of one attempt. got's timers and Node's socket timeouts are not used: they start elsewhere, and they
 * cannot be injected. One timer serves all four: a limit that stops or starts over leaves it as it is, and it looks for the
 * next when it fires. An upload starts its limits a dozen times, and hardly one of them ever passes.
 */
export class Limits {
  readonly #clock: Clock;
  readonly #limits: AttemptLimits;
  readonly #passed: (limit: LimitName) => void;
  readonly #dueAt: Record<LimitName, number> = {
    connectMs: NEVER,
    headersMs: NEVER,
    idleMs: NEVER,
    totalMs: NEVER,
  };
  #firesAt = NEVER;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, limits: AttemptLimits, passed: (limit: LimitName) => void) {
    this.#clock = clock;
    this.#limits = limits;
    this.#passed = passed;
  }

  /** Starts a limit, or starts it over. */
  start(limit: LimitName): void {
    const now = this.#clock.now();
    this.#dueAt[limit] = now + this.#limits[limit];
    this.#arm(now);
  }

  stop(limit: LimitName): void {
    this.#dueAt[limit] = NEVER;
  }

  stopAll(): void {
    for (const limit of LIMITS) this.#dueAt[limit] = NEVER;
    this.#disarm();
  }

  #arm(now: number): void {
    const { connectMs, headersMs, idleMs, totalMs } = this.#dueAt;
    const next = Math.min(connectMs, headersMs, idleMs, totalMs);
    if (next >= this.#firesAt) return;
    this.#disarm();
    this.#firesAt = next;
    this.#cancel = this.#clock.after(Math.ceil(Math.max(0, next - now)), () => this.#fire());
  }

  #disarm(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#firesAt = NEVER;
  }

  #fire(): void {
    this.#disarm();
    const now = this.#clock.now();
    for (const limit of LIMITS) {
      if (this.#dueAt[limit] > now) continue;
      this.#dueAt[limit] = NEVER;
      this.#passed(limit);
    }
    this.#arm(now);
  }
}

import type { Clock } from '../time/clock.ts';

/** The longest delay of a timer: beyond it Node calls back at once, with a warning. About 24.8 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * One timer for whatever time alone changes. One that would only ring too early is left alone, and whoever hears it looks again:
 * every request moves the moments, and few live to see them. It does not keep the process alive.
 */
export class Alarm {
  readonly #clock: Clock;
  readonly #onRing: () => void;
  #at = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, onRing: () => void) {
    this.#clock = clock;
    this.#onRing = onRing;
  }

  /**
   * Rings in `delayMs` milliseconds, or before; `Infinity` asks for nothing.
   * @param now by the clock, from who has read it already.
   */
  within(delayMs: number, now: number = this.#clock.now()): void {
    const at = now + delayMs;
    if (at >= this.#at) return;
    this.#cancel?.();
    this.#at = at;
    const ring = () => {
      this.cancel();
      this.#onRing();
    };
    const bounded = Math.min(Math.max(1, Math.ceil(delayMs)), LONGEST_TIMER_MS);
    this.#cancel = this.#clock.after(bounded, ring, { keepAlive: false });
  }

  cancel(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#at = Number.POSITIVE_INFINITY;
  }
}

import type { Clock } from '../time/clock.ts';
import type { Exchange, Phase } from './transport.ts';

/** How long an attempt was in each phase, in milliseconds. */
export class PhaseTimes {
  /** When the attempt began, by the clock. */
  readonly startedAt: number;
  readonly #clock: Clock;
  readonly #spent: Partial<Record<Phase, number>> = {};
  #phase: Phase = 'acquire';
  #since: number;
  #ended = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.startedAt = clock.now();
    this.#since = this.startedAt;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** The phase before is over. Nothing happens in the same phase, and after the end. */
  enter(phase: Phase): void {
    if (this.#ended || phase === this.#phase) return;
    this.#count();
    this.#phase = phase;
  }

  /**
   * Stops the clock of the last phase.
   * @param now by the clock, from who has read it already.
   */
  end(now?: number): void {
    if (this.#ended) return;
    this.#count(now);
    this.#ended = true;
  }

  /** Up to now, the running phase included; only phases that the attempt has been in. */
  read(): Exchange['phaseMs'] {
    if (this.#ended) return this.#spent;
    this.#count();
    return { ...this.#spent };
  }

  #count(now: number = this.#clock.now()): void {
    this.#spent[this.#phase] = (this.#spent[this.#phase] ?? 0) + now - this.#since;
    this.#since = now;
  }
}

import type { AttemptLimits, Clock } from '@ferry/core';
import { ProgressWatch } from './progress-watch.ts';

/** The limits of an exchange on the wire: `idleMs` while a body moves, `headersMs` between the two. */
export class ExchangeLimits {
  readonly #clock: Clock;
  readonly #limits: AttemptLimits;
  #watch: ProgressWatch | undefined;
  #cancelHeaders: (() => void) | undefined;

  constructor(clock: Clock, limits: AttemptLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** @param mark see `ProgressWatch`. */
  watchProgress(mark: () => string | undefined, onSilence: (idleMs: number) => void): void {
    const { idleMs } = this.#limits;
    this.#watch = new ProgressWatch(this.#clock, idleMs, mark, () => onSilence(idleMs));
  }

  /** The last byte of the request is off. */
  awaitHeaders(onLate: (headersMs: number) => void): void {
    const { headersMs } = this.#limits;
    this.#cancelHeaders = this.#clock.after(headersMs, () => onLate(headersMs));
  }

  headersArrived(): void {
    this.#cancelHeaders?.();
    this.#cancelHeaders = undefined;
  }

  stop(): void {
    this.headersArrived();
    this.#watch?.stop();
  }
}

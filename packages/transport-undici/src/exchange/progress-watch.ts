import type { Clock } from '@ferry/core';

/** How often within `idleMs` progress is looked at: silence is noticed within a tenth of it. */
const LOOKS = 10;

/**
 * Notices silence: no progress for `idleMs`, however slow the progress was before. It looks at a mark instead of
 * counting events, since an iterated body is not yet a sent one: only what flow control and the socket take counts.
 */
export class ProgressWatch {
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #mark: () => string | undefined;
  readonly #onSilence: () => void;
  #last: string | undefined;
  #since: number;
  #cancel: (() => void) | undefined;

  /** @param mark anything that changes with progress; undefined while nothing is expected to move. */
  constructor(clock: Clock, idleMs: number, mark: () => string | undefined, onSilence: () => void) {
    this.#clock = clock;
    this.#idleMs = idleMs;
    this.#mark = mark;
    this.#onSilence = onSilence;
    this.#since = clock.now();
    this.#last = mark();
    this.#arm();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #arm(): void {
    this.#cancel = this.#clock.after(Math.max(1, this.#idleMs / LOOKS), () => this.#look());
  }

  #look(): void {
    const now = this.#clock.now();
    const mark = this.#mark();
    if (mark === undefined || mark !== this.#last) {
      this.#last = mark;
      this.#since = now;
    }
    if (now - this.#since >= this.#idleMs) this.#onSilence();
    else this.#arm();
  }
}

/** How often within `idleMs` progress is looked at: silence is noticed within a tenth of it. */
const LOOKS = 10;

/**
 * Notices silence: no progress for `idleMs`, however slow the progress was before. It looks at a mark instead of
 * counting events, since an iterated body is not yet a sent one: only what flow control and the socket take counts.
 */
export class ProgressWatch {
  readonly #idleMs: number;
  readonly #progress: { mark(): number | undefined };
  /** Nothing yet: what a request has to say at its start is not worth asking for. */
  #last: number | undefined;
  #since: number;
  #lookAt: number;

  /**
   * @param now by the clock, in milliseconds.
   * @param progress `mark()` is anything that changes with progress, undefined while nothing is expected to move.
   */
  constructor(idleMs: number, now: number, progress: { mark(): number | undefined }) {
    this.#idleMs = idleMs;
    this.#progress = progress;
    this.#since = now;
    this.#lookAt = now + this.#interval;
  }

  /** When it wants to look again. */
  get lookAt(): number {
    return this.#lookAt;
  }

  /** Looks, if it is time: true when nothing has moved for `idleMs`. */
  silentAt(now: number): boolean {
    if (now < this.#lookAt) return false;
    this.#lookAt = now + this.#interval;
    const mark = this.#progress.mark();
    if (mark === undefined || mark !== this.#last) {
      this.#last = mark;
      this.#since = now;
    }
    return now - this.#since >= this.#idleMs;
  }

  get #interval(): number {
    return Math.max(1, this.#idleMs / LOOKS);
  }
}

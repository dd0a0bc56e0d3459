/** What was measured longer ago, in milliseconds, says nothing of now. */
const RECENT_MS = 1_000;

/** A piece that was taken in this time, in milliseconds, is no obstacle to noticing silence within any sensible `idleMs`. */
export const QUICK_MS = 250;

/** A piece of a body that flow control and the socket have taken. */
export interface TakenPiece {
  readonly bytes: number;
  /** Since it was handed over, in milliseconds. */
  readonly tookMs: number;
}

/** How one connection took the latest piece of any body, so that the next body need not begin with caution. */
export class RecentPace {
  #latest: TakenPiece | undefined;
  #at = Number.NEGATIVE_INFINITY;

  /** Undefined when no piece was taken lately. @param now in milliseconds, by the clock of all calls. */
  latest(now: number): TakenPiece | undefined {
    return now - this.#at <= RECENT_MS ? this.#latest : undefined;
  }

  /**
   * A piece was taken. One that is shorter than the one before and as quick tells nothing new: it was the end of a body, or a short one.
   * @param handedAt when it was handed over, by the clock.
   */
  note(bytes: number, handedAt: number, now: number): void {
    const latest = this.latest(now);
    const tookMs = now - handedAt;
    this.#at = now;
    if (latest !== undefined && bytes < latest.bytes && Math.max(tookMs, latest.tookMs) <= QUICK_MS) return;
    this.#latest = { bytes, tookMs };
  }
}

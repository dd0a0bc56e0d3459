import { type Clock, type Instant, instant } from '@ferry/core';

/** How often a busy connection is looked at, in milliseconds: the most by which "heard" may be too late. */
const LOOK_MS = 250;

/**
 * When the peer was last heard. Frames that Node tells of (answers, PINGs, SETTINGS) count at once. A peer that only takes an
 * upload sends nothing but WINDOW_UPDATEs, which Node tells nobody; while requests are on the connection its received bytes
 * are looked at. Looked at seldom, old bytes would pass for a sign of life.
 */
export class LastHeard {
  readonly #clock: Clock;
  readonly #bytesRead: () => number;
  #at: Instant;
  #seen = 0;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, bytesRead: () => number) {
    this.#clock = clock;
    this.#bytesRead = bytesRead;
    this.#at = instant(clock);
  }

  get at(): Instant {
    return this.#at;
  }

  now(): void {
    this.#at = instant(this.#clock);
    this.#seen = this.#bytesRead();
  }

  /** From now until `stop()` every byte received counts. */
  watch(): void {
    if (this.#cancel !== undefined) return;
    this.#seen = this.#bytesRead();
    this.#arm();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #arm(): void {
    this.#cancel = this.#clock.after(LOOK_MS, () => this.#look(), { keepAlive: false });
  }

  #look(): void {
    if (this.#bytesRead() !== this.#seen) this.now();
    this.#arm();
  }
}

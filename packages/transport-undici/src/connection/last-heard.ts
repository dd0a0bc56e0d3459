import { type Clock, type Instant, instant } from '@ferry/core';

/** How often a busy connection is looked at, in milliseconds: the most by which "heard" may be too late. */
const LOOK_MS = 250;

/**
 * When the peer was last heard. The end of an answer, PINGs and SETTINGS count at once. Of other bytes, such as the
 * WINDOW_UPDATEs of a peer that only takes an upload, Node tells nobody; while requests are on the connection the received
 * bytes are looked at. Looked at seldom, old bytes would pass for a sign of life.
 */
export class LastHeard {
  readonly #clock: Clock;
  readonly #bytesRead: () => number;
  #at: Instant;
  #seen = 0;
  #watching = false;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, bytesRead: () => number) {
    this.#clock = clock;
    this.#bytesRead = bytesRead;
    this.#at = instant(clock);
  }

  get at(): Instant {
    return this.#at;
  }

  /** @returns this moment. */
  now(): Instant {
    this.#at = instant(this.#clock);
    return this.#at;
  }

  /** From now until `rest()` every byte received counts. */
  watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    // With a timer that is set still, what came since it was is news enough. A count of bytes for each request would be dear.
    if (this.#cancel !== undefined) return;
    this.#seen = this.#bytesRead();
    this.#arm();
  }

  /** Nothing is on the connection. A timer that is set finds that out by itself: most often the next request is here by then. */
  rest(): void {
    this.#watching = false;
  }

  /** Leaves no timer. */
  stop(): void {
    this.#watching = false;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #arm(): void {
    this.#cancel = this.#clock.after(LOOK_MS, () => this.#look(), { keepAlive: false });
  }

  #look(): void {
    this.#cancel = undefined;
    if (!this.#watching) return;
    const bytesRead = this.#bytesRead();
    if (bytesRead !== this.#seen) this.now();
    this.#seen = bytesRead;
    this.#arm();
  }
}

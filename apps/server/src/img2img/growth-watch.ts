import type { Clock, Spool } from '@ferry/core';

/**
 * A client that sends nothing for so long gives its place at the upstream back. Shorter than the transport's own patience
 * with a silent body (`idleMs`, 30 s), so that the engine never hears of it.
 */
export const STALL_MS = 5_000;

/** The longest an image may grow while it is uploaded: an attempt has 120 s (`totalMs`), and the answer takes its part. */
export const LONGEST_GROWTH_MS = 90_000;

/** How often growth is looked at. */
const LOOK_MS = 1_000;

/**
 * Watches a spool grow. Calls `onStop` once when it has stalled or takes too long, and nothing once it is whole or has
 * failed. Dispose of it to stop watching. Milliseconds.
 */
export class GrowthWatch implements Disposable {
  readonly #spool: Spool;
  readonly #clock: Clock;
  readonly #onStop: (reason: string) => void;
  readonly #startedAt: number;
  #grewAt: number;
  #bytes: number;
  #cancel: () => void = () => undefined;

  constructor(spool: Spool, clock: Clock, onStop: (reason: string) => void) {
    this.#spool = spool;
    this.#clock = clock;
    this.#onStop = onStop;
    this.#startedAt = clock.now();
    this.#grewAt = this.#startedAt;
    this.#bytes = spool.storedBytes;
    this.#lookLater();
  }

  [Symbol.dispose](): void {
    this.#cancel();
  }

  #lookLater(): void {
    this.#cancel = this.#clock.after(LOOK_MS, () => this.#look(), { keepAlive: false });
  }

  #look(): void {
    const { storedBytes, byteLength, failure } = this.#spool;
    if (byteLength !== undefined || failure !== undefined) return;
    const now = this.#clock.now();
    if (storedBytes !== this.#bytes) this.#grewAt = now;
    this.#bytes = storedBytes;
    if (now - this.#grewAt >= STALL_MS) this.#onStop(`the client sent nothing for ${STALL_MS / 1_000} s`);
    else if (now - this.#startedAt >= LONGEST_GROWTH_MS)
      this.#onStop(`the client has been sending for ${LONGEST_GROWTH_MS / 1_000} s`);
    else this.#lookLater();
  }
}

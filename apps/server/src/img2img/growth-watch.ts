import type { Clock, Spool } from '@ferry/core';
import type { Config } from '../config/schema.ts';

/**
 * How long a client's pace is looked at before it counts. Shorter than the transport's own patience with a silent body
 * (`idleMs`, 30 s), so that the engine never hears of it. Milliseconds.
 */
export const PACE_MS = 5_000;

/** How often growth is looked at. */
const LOOK_MS = 1_000;
const LOOKS = PACE_MS / LOOK_MS;

/** What a client may take of a connection to the upstream while its image still comes in. */
export interface SlowClientLimits {
  /** The longest it may hold one. Below an attempt's 120 s (`totalMs`), of which the answer takes its part. Milliseconds. */
  readonly longestMs: number;
  /** The slowest it may send over `PACE_MS`; at 0 it must send something. Bytes a second. */
  readonly leastBytesPerSecond: number;
}

export const slowClientLimits = ({ upload }: Pick<Config, 'upload'>): SlowClientLimits => ({
  longestMs: upload.slow_client_s * 1_000,
  leastBytesPerSecond: upload.slow_client_kb_s * 1_024,
});

/**
 * Watches a spool grow. Calls `onStop` once when it grows too slowly or for too long, and nothing once it is whole or has
 * failed. Dispose of it to stop watching.
 */
export class GrowthWatch implements Disposable {
  readonly #spool: Spool;
  readonly #limits: SlowClientLimits;
  readonly #clock: Clock;
  readonly #onStop: (reason: string) => void;
  readonly #startedAt: number;
  /** Bytes at the last looks, the oldest first. */
  readonly #looks: number[];
  #cancel: () => void = () => undefined;

  constructor(spool: Spool, limits: SlowClientLimits, clock: Clock, onStop: (reason: string) => void) {
    this.#spool = spool;
    this.#limits = limits;
    this.#clock = clock;
    this.#onStop = onStop;
    this.#startedAt = clock.now();
    this.#looks = [spool.storedBytes];
    this.#lookLater();
  }

  [Symbol.dispose](): void {
    this.#cancel();
  }

  #lookLater(): void {
    const untilOver = this.#startedAt + this.#limits.longestMs - this.#clock.now();
    this.#cancel = this.#clock.after(Math.min(LOOK_MS, Math.max(0, untilOver)), () => this.#look(), {
      keepAlive: false,
    });
  }

  #look(): void {
    const { storedBytes, byteLength, failure } = this.#spool;
    if (byteLength !== undefined || failure !== undefined) return;
    this.#looks.push(storedBytes);
    const reason = this.#tooLong() ?? this.#tooSlow(storedBytes);
    if (reason === undefined) this.#lookLater();
    else this.#onStop(reason);
  }

  #tooLong(): string | undefined {
    const { longestMs } = this.#limits;
    if (this.#clock.now() - this.#startedAt < longestMs) return undefined;
    return `the client has been sending for ${longestMs / 1_000} s`;
  }

  #tooSlow(storedBytes: number): string | undefined {
    if (this.#looks.length <= LOOKS) return undefined;
    const came = storedBytes - (this.#looks.shift() ?? 0);
    if (came > 0 && came * 1_000 >= this.#limits.leastBytesPerSecond * PACE_MS) return undefined;
    return `the client sent ${came} bytes in ${PACE_MS / 1_000} s`;
  }
}

import type { Clock } from '../time/clock.ts';
import { elapsed, type Instant, instant } from '../time/instant.ts';
import { Calm } from './calm.ts';
import { OpeningTime } from './opening-time.ts';

/** Origins remembered; the one that was left first goes first. */
const MAX_ORIGINS = 256;

/** What was learnt of an origin is forgotten when there has been no connection to it for so long, in milliseconds. */
const KEPT_MS = 3_600_000;

/** What is learnt of an origin on one connection, and holds for the next. */
export interface OriginMemory {
  readonly openingTime: OpeningTime;
  readonly calm: Calm;
}

/**
 * What has been learnt of the origins to which there is no connection at the moment. A peer that asks for calm mostly closes its
 * last connection as it does: the pool of that origin is gone before the next request comes.
 */
export class OriginMemories {
  readonly #clock: Clock;
  readonly #kept = new Map<string, { readonly memory: OriginMemory; readonly at: Instant }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Hands out what is known, which may be nothing yet, to whoever goes on learning. */
  take(origin: string): OriginMemory {
    const kept = this.#kept.get(origin);
    this.#kept.delete(origin);
    const lasts = kept !== undefined && elapsed(kept.at, instant(this.#clock)) < KEPT_MS;
    return lasts ? kept.memory : { openingTime: new OpeningTime(), calm: new Calm(this.#clock) };
  }

  /** No connection is left: keeps it for the next one. */
  keep(origin: string, memory: OriginMemory): void {
    this.#kept.delete(origin);
    this.#kept.set(origin, { memory, at: instant(this.#clock) });
    const oldest = this.#kept.keys().next();
    if (this.#kept.size > MAX_ORIGINS && oldest.done !== true) this.#kept.delete(oldest.value);
  }
}

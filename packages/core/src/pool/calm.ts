import type { Clock } from '../time/clock.ts';
import { elapsed, type Instant, instant } from '../time/instant.ts';

/** Each time doubles it, as gRPC's keepalive does (gRFC A8). */
const MAX_FACTOR = 64;

/** After so long without another complaint, in milliseconds, proofs are as frequent as the policy says. */
const LASTS_MS = 3_600_000;

/** How much more rarely connections are proven for a peer that asks for calm. */
export class Calm {
  readonly #clock: Clock;
  #factor = 1;
  #askedAt: Instant | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What `proveAfterIdleMs` is multiplied by. */
  get factor(): number {
    if (this.#askedAt === undefined) return 1;
    return elapsed(this.#askedAt, instant(this.#clock)) < LASTS_MS ? this.#factor : 1;
  }

  /** The peer has asked for it. */
  ask(): void {
    this.#factor = Math.min(2 * this.factor, MAX_FACTOR);
    this.#askedAt = instant(this.#clock);
  }
}

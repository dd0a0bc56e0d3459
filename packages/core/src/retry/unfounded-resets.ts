import type { Clock } from '../time/clock.ts';
import { elapsed, type Instant, instant } from '../time/instant.ts';

/** How long an origin is remembered, in milliseconds: with a reset in a hundred and an upload a minute, proofs are as rare as that. */
const LASTS_MS = 3_600_000;

/** Origins remembered; a client has a handful, so that this is only a bound. */
const MAX_ORIGINS = 1_000;

/**
 * Origins that were seen to be wrong: they reset a request with PROTOCOL_ERROR on a new connection, and took the very same
 * request on a later attempt. What they say about another request is then no proof that it is malformed.
 */
export class UnfoundedResets {
  readonly #clock: Clock;
  readonly #seenAt = new Map<string, Instant>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The origin took a request that it had reset. */
  note(origin: string): void {
    this.#seenAt.delete(origin);
    this.#seenAt.set(origin, instant(this.#clock));
    if (this.#seenAt.size <= MAX_ORIGINS) return;
    const oldest = this.#seenAt.keys().next();
    if (!oldest.done) this.#seenAt.delete(oldest.value);
  }

  /** Whether that was within the last hour. */
  of(origin: string): boolean {
    const seenAt = this.#seenAt.get(origin);
    return seenAt !== undefined && elapsed(seenAt, instant(this.#clock)) < LASTS_MS;
  }
}

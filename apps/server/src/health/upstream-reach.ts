import { type Clock, systemClock } from '@ferry/core';

/** How long an answer is believed. Milliseconds. */
const FRESH_MS = 5_000;

/**
 * Whether any of the upstreams takes a connection, asked at most every few seconds however often probes come. One is enough:
 * taking a gateway away because one of its upstreams is away would take the others away too.
 */
export class UpstreamReach {
  readonly #connect: () => Promise<boolean>;
  readonly #clock: Clock;
  #last: { readonly at: number; readonly reachable: Promise<boolean> } | undefined;

  /** @param connect opens and closes a connection to an upstream, any of them; false when none takes one. Never rejects. */
  constructor(connect: () => Promise<boolean>, clock: Clock = systemClock) {
    this.#connect = connect;
    this.#clock = clock;
  }

  reachable(): Promise<boolean> {
    const now = this.#clock.now();
    if (this.#last === undefined || now - this.#last.at > FRESH_MS) {
      this.#last = { at: now, reachable: this.#connect() };
    }
    return this.#last.reachable;
  }
}

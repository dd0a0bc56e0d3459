import type { Rider } from './rider.ts';

/**
 * Requests that leave a busy connection together, at the end of the turn in which they came. One answer mostly comes with others, each
 * in a TLS record of its own, and Node writes after each record what is there by then: the request that follows the first answer would
 * go out alone, and the answers behind it would be read no further until its write is done (`Http2Session::ConsumeHTTP2Data` and
 * `OnDataChunkReceived` in Node's node_http2.cc). What that costs eight uploads at once is in docs/adr/0027.
 */
export class Departures {
  readonly #mayLeave: (rider: Rider) => boolean;
  #waiting: Rider[] = [];
  #turnEnd: NodeJS.Immediate | undefined;

  /** @param mayLeave false for a request that is over already. */
  constructor(mayLeave: (rider: Rider) => boolean) {
    this.#mayLeave = mayLeave;
  }

  /** Calls its `depart()` when what this turn of the event loop has read is dealt with. */
  add(rider: Rider): void {
    this.#waiting.push(rider);
    this.#turnEnd ??= setImmediate(() => this.#departAll());
  }

  /** Nobody leaves any more. */
  stop(): void {
    clearImmediate(this.#turnEnd);
    this.#turnEnd = undefined;
    this.#waiting = [];
  }

  #departAll(): void {
    this.#turnEnd = undefined;
    const leaving = this.#waiting;
    this.#waiting = [];
    for (const rider of leaving) if (this.#mayLeave(rider)) rider.depart();
  }
}

import { type Clock, systemClock } from '@ferry/core';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { CONFIG } from '../config/config.module.ts';
import type { Config } from '../config/schema.ts';
import type { GatewayError } from '../errors/gateway-error.ts';
import { FairLimiter, LineFullError, type LineState, type Permit } from './fair-limiter.ts';
import { overloaded } from './overloaded.ts';
import { ServiceTimes } from './service-times.ts';
import type { Turn } from './turn.ts';

/**
 * The door for image requests: `server.max_requests` are inside, `server.max_queue` wait for at most `server.max_queue_ms`, and
 * more are turned away. Nobody's body is read before its request is inside: what waits costs a socket and no disk.
 */
@Injectable()
export class Admission {
  readonly #config: Pick<Config, 'server'>;
  readonly #clock: Clock;
  readonly #times: ServiceTimes;
  readonly #places: FairLimiter;

  constructor(@Inject(CONFIG) config: Pick<Config, 'server'>, @Optional() clock: Clock = systemClock) {
    this.#config = config;
    this.#clock = clock;
    this.#times = new ServiceTimes(clock);
    this.#places = new FairLimiter(config.server.max_requests, config.server.max_queue);
  }

  /** What is inside and what waits, for people to look at. */
  get state(): LineState {
    return this.#places.state;
  }

  /** Requests that are inside. */
  get running(): number {
    return this.#places.taken;
  }

  /** Requests that wait outside. */
  get waiting(): number {
    return this.#places.waiting;
  }

  /**
   * Waits for a place, to be given back when the request has ended.
   * @throws GatewayError 503 `overloaded`; the signal's reason.
   */
  async enter(turn: Turn, signal: AbortSignal): Promise<Permit> {
    signal.throwIfAborted();
    const free = this.#places.tryAcquire(turn);
    return this.#times.timed(free ?? (await this.#waitForPlace(turn, signal)));
  }

  async #waitForPlace(turn: Turn, signal: AbortSignal): Promise<Permit> {
    const late = new AbortController();
    const cancel = this.#clock.after(this.#config.server.max_queue_ms, () => late.abort());
    try {
      return await this.#places.acquire(turn, AbortSignal.any([signal, late.signal]));
    } catch (error) {
      // Told when it has left the line: it counts itself no more.
      const turnedAway = error instanceof LineFullError || (late.signal.aborted && !signal.aborted);
      throw turnedAway ? this.#refusal() : error;
    } finally {
      cancel();
    }
  }

  #refusal(): GatewayError {
    const untilPlaceMs = this.#times.untilPlaceMs(this.waiting, this.#config.server.max_requests);
    return overloaded('Too many requests at once. Try again after the time in retry-after.', untilPlaceMs);
  }
}

import { type Clock, systemClock } from '@ferry/core';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { CONFIG } from '../config/config.module.ts';
import type { Config } from '../config/schema.ts';
import { FairLimiter, LineFullError, type LineState, type Permit } from './fair-limiter.ts';
import { overloaded } from './overloaded.ts';
import { ServiceTimes } from './service-times.ts';
import type { Turn } from './turn.ts';

interface Places {
  readonly size: number;
  readonly limiter: FairLimiter;
  readonly times: ServiceTimes;
}

/**
 * What a provider is asked to do at once: uploads and edits together, `concurrency` of its section. As many as
 * `server.max_queue` wait; what is more is turned away, so that a provider that is slow does not fill the gateway.
 */
@Injectable()
export class ProviderPlaces {
  /** By name. A provider without a section, the simulator, has no limit. */
  readonly #places: ReadonlyMap<string, Places>;

  constructor(
    @Inject(CONFIG) config: Pick<Config, 'server' | 'provider'>,
    @Optional() clock: Clock = systemClock,
  ) {
    this.#places = new Map(
      config.provider.map(({ name, concurrency }) => [
        name,
        {
          size: concurrency,
          limiter: new FairLimiter(concurrency, config.server.max_queue),
          times: new ServiceTimes(clock),
        },
      ]),
    );
  }

  /**
   * Waits for a place at `provider`.
   * @throws GatewayError 503 `overloaded`; the signal's reason.
   */
  async acquire(provider: string, turn: Turn, signal: AbortSignal): Promise<Permit> {
    const places = this.#places.get(provider);
    if (places === undefined) return UNLIMITED;
    const { limiter, times, size } = places;
    try {
      return times.timed(await limiter.acquire(turn, signal));
    } catch (error) {
      if (!(error instanceof LineFullError)) throw error;
      throw overloaded(
        `${provider} is asked for too much at once. Try again after the time in retry-after.`,
        times.untilPlaceMs(limiter.waiting, size),
      );
    }
  }

  /** A place that is free now; undefined when there is none. */
  tryAcquire(provider: string, turn: Turn): Permit | undefined {
    const places = this.#places.get(provider);
    if (places === undefined) return UNLIMITED;
    const permit = places.limiter.tryAcquire(turn);
    return permit && places.times.timed(permit);
  }

  /** Tells of each provider what runs and what waits, for people to look at. */
  states(): (readonly [provider: string, look: () => LineState])[] {
    return [...this.#places].map(([provider, { limiter }]) => [provider, () => limiter.state]);
  }

  /** How many wait for `provider`. */
  waiting(provider: string): number {
    return this.#places.get(provider)?.limiter.waiting ?? 0;
  }
}

const nothing = (): void => undefined;
const UNLIMITED: Permit = { release: nothing, [Symbol.dispose]: nothing };

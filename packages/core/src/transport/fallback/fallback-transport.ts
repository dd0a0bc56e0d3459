import { sumStats } from '../../pool/connection-stats.ts';
import type { Attempt, Transport, TransportRequest, TransportResponse } from '../transport.ts';
import { FallbackMemory } from './fallback-memory.ts';
import { outcomeOfFailure, outcomeOfLeft, outcomeOfWhole } from './h2-outcome.ts';
import type { H2Outcome } from './origin-state.ts';
import { watchedBody } from './watched-body.ts';

export interface FallbackTransportOptions {
  /** Both are closed with this transport. */
  readonly h2: Transport;
  readonly http1: Transport;
  /** Default one of its own. */
  readonly memory?: FallbackMemory;
}

export interface FallbackTransport extends Transport {
  /** What it knows about origins and HTTP/2: to be looked at, reset, and shared with other transports to the same upstream. */
  readonly memory: FallbackMemory;
}

/**
 * Two transports as one. It never resends: a failure marks the origin and is thrown on, and the retry engine's next
 * attempt takes the other road.
 */
export function createFallbackTransport(options: FallbackTransportOptions): FallbackTransport {
  const { h2, http1, memory = new FallbackMemory() } = options;

  async function overH2(
    request: TransportRequest,
    attempt: Attempt,
    lesson: Lesson,
  ): Promise<TransportResponse> {
    try {
      const response = await h2.send(request, attempt);
      void response.done.then((exchange) => lesson.over(outcomeOfLeft(exchange)));
      const body = watchedBody(response.body, {
        whole: () => lesson.learn(outcomeOfWhole(response.exchange)),
        failed: (error) => lesson.learn(outcomeOfFailure(error)),
        left: () => lesson.learn(outcomeOfLeft(response.exchange)),
      });
      return { ...response, body };
    } catch (error) {
      lesson.learn(outcomeOfFailure(error));
      throw error;
    }
  }

  return {
    name: 'fallback',
    memory,
    send(request, attempt) {
      const { origin } = request.url;
      const road = memory.route(origin);
      return road === 'http1'
        ? http1.send(request, attempt)
        : overH2(request, attempt, new Lesson(memory, origin, road === 'probe'));
    },
    prepare(origin) {
      const transport = memory.peek(origin.origin) === 'http1' ? http1 : h2;
      transport.prepare?.(origin);
    },
    stats: () => sumStats([h2.stats(), http1.stats()]),
    async close(closing) {
      await Promise.all([h2.close(closing), http1.close(closing)]);
    },
  };
}

/** What one exchange over HTTP/2 teaches: one outcome, at its end, and the end of its probe. */
class Lesson {
  readonly #memory: FallbackMemory;
  readonly #origin: string;
  readonly #probe: boolean;
  #learned = false;
  #out: boolean;

  constructor(memory: FallbackMemory, origin: string, probe: boolean) {
    this.#memory = memory;
    this.#origin = origin;
    this.#probe = probe;
    this.#out = probe;
  }

  learn(outcome: H2Outcome): void {
    if (!this.#learned) {
      this.#learned = true;
      this.#memory.learn(this.#origin, outcome, this.#probe);
    }
    this.#release();
  }

  /**
   * Nothing is on the wire any more. Whoever reads the answer may be behind and still tell whether it was whole, or never
   * come: neither keeps the next request from probing.
   */
  over(outcome: H2Outcome): void {
    if (outcome === 'says-nothing') this.#release();
    else this.learn(outcome);
  }

  #release(): void {
    if (!this.#out) return;
    this.#out = false;
    this.#memory.release(this.#origin);
  }
}

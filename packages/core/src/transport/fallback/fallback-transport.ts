import { sumStats } from '../../pool/connection-stats.ts';
import { TunnelError } from '../proxy/connect-tunnel.ts';
import type { Attempt, Exchange, Transport, TransportRequest, TransportResponse } from '../transport.ts';
import { TransportError } from '../transport-error.ts';
import { FallbackMemory } from './fallback-memory.ts';
import type { H2Outcome } from './origin-state.ts';

export interface FallbackTransportOptions {
  /** Both are closed with this transport. */
  readonly h2: Transport;
  readonly http1: Transport;
  /** Default one of its own. */
  readonly memory?: FallbackMemory;
}

/**
 * Below this ceiling (window / round trip) a window is slow: HTTP/1.1, whose window TCP grows by itself, outruns it.
 * 64 KiB at 100 ms is 0.6 MB/s, where a 1 MB upload took 2.7 s over HTTP/2 and 0.2 s over HTTP/1.1.
 */
export const SLOW_WINDOW_BYTES_PER_SECOND = 2_000_000;

/** How much of the waits that a window should cause an upload must have spent at least, 0 to 1. */
const FELT_SHARE = 0.5;

/**
 * Two transports as one. It never resends: a failure marks the origin and is thrown on, and the retry engine's next
 * attempt takes the other road.
 */
export function createFallbackTransport(options: FallbackTransportOptions): Transport {
  const { h2, http1, memory = new FallbackMemory() } = options;

  async function overH2(
    request: TransportRequest,
    attempt: Attempt,
    origin: string,
    probe: boolean,
  ): Promise<TransportResponse> {
    try {
      const response = await h2.send(request, attempt);
      memory.learn(origin, 'worked', probe);
      if (isSlowWindow(response.exchange)) memory.learnSlowWindow(origin);
      return { ...response, body: watched(response.body, (outcome) => memory.learn(origin, outcome, false)) };
    } catch (error) {
      memory.learn(origin, h2Outcome(error), probe);
      if (TransportError.is(error) && isSlowWindow(error.exchange)) memory.learnSlowWindow(origin);
      throw error;
    }
  }

  return {
    name: 'fallback',
    send(request, attempt) {
      const { origin } = request.url;
      const road = memory.route(origin);
      return road === 'http1'
        ? http1.send(request, attempt)
        : overH2(request, attempt, origin, road === 'probe');
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

/**
 * The same body; a failure in it is learned beside the headers that had worked, so that answers which are always cut off
 * reach a rate of one half.
 */
async function* watched(
  body: AsyncIterable<Uint8Array>,
  learn: (outcome: H2Outcome) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* body;
  } catch (error) {
    learn(h2Outcome(error));
    throw error;
  }
}

/** Only failures of the protocol itself speak against it; HTTP/1.1 meets the same names, routes and certificates. */
function h2Outcome(error: unknown): H2Outcome {
  if (!TransportError.is(error)) return 'says-nothing';
  // HTTP/1.1 meets the same proxy.
  if (TunnelError.is(error.cause)) return 'says-nothing';
  switch (error.kind) {
    case 'http1-required':
      return 'http1-required';
    case 'reset':
    case 'goaway':
    case 'protocol':
      return 'failed';
    // A body that does not move is what an HTTP/2 window that is never updated looks like; silence after it is the
    // upstream taking its time.
    case 'timeout':
      return error.phase === 'request' ? 'failed' : 'says-nothing';
    case 'stream-refused':
    case 'aborted':
    case 'dns':
    case 'connect':
    case 'tls':
    case 'body-source':
    case 'pool-full':
    case 'closed':
      return 'says-nothing';
  }
}

function isSlowWindow({ flowControl, bytesSent, phaseMs }: Exchange): boolean {
  // A body that fits into the window never waits for it.
  if (flowControl === undefined || bytesSent <= flowControl.windowBytes) return false;
  const { windowBytes, roundTripMs } = flowControl;
  if (windowBytes >= SLOW_WINDOW_BYTES_PER_SECOND * (roundTripMs / 1000)) return false;
  // The waits must have been felt: a peer may enlarge its window by WINDOW_UPDATE, and a busy moment may have lengthened the
  // measured round trip.
  const waitsMs = (bytesSent / windowBytes - 1) * roundTripMs;
  return (phaseMs.request ?? 0) >= waitsMs * FELT_SHARE;
}

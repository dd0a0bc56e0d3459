import { type Clock, systemClock } from '../../time/clock.ts';
import type {
  Attempt,
  Exchange,
  Transport,
  TransportRequest,
  TransportResponse,
  TransportStats,
} from '../transport.ts';
import { TransportError } from '../transport-error.ts';
import {
  afterH2,
  DEFAULT_FALLBACK_POLICY,
  type FallbackPolicy,
  type FallbackReason,
  type H2Outcome,
  mark,
  type OriginState,
  probing,
  route,
  UNMARKED,
} from './origin-state.ts';

export interface FallbackTransportOptions {
  readonly h2: Transport;
  readonly http1: Transport;
  /** Parts of `DEFAULT_FALLBACK_POLICY` to replace. */
  readonly policy?: Partial<FallbackPolicy>;
  readonly clock?: Clock;
  /** Hears every mark and every clearing. Must not throw. */
  onChange?(change: FallbackChange): void;
}

export interface FallbackChange {
  readonly origin: string;
  readonly road: OriginState['road'];
  readonly reason?: FallbackReason;
  /** How long HTTP/1.1 is held, in milliseconds, when it was marked or renewed. */
  readonly holdMs?: number;
}

/** What an operator sees of one origin. */
export interface FallbackView {
  readonly origin: string;
  readonly road: OriginState['road'];
  readonly reason?: FallbackReason;
  /** Milliseconds until HTTP/2 is tried again; 0 when it is due. */
  readonly remainingMs?: number;
}

/** A transport over HTTP/2 that knows when HTTP/1.1 is the better road. */
export interface FallbackTransport extends Transport {
  /** The origins that are not simply spoken to over HTTP/2. */
  fallbacks(): readonly FallbackView[];
  /** Forgets what is held against an origin, or against all. */
  reset(origin?: string): void;
}

/** Origins remembered; the operator configures a handful, so that this is only a bound. */
const MAX_ORIGINS = 1_000;

/**
 * Below this ceiling (window / round trip) a window is slow: HTTP/1.1, whose window TCP grows by itself, outruns it.
 * 64 KiB at 100 ms is 0.6 MB/s, where a 1 MB upload took 2.7 s over HTTP/2 and 0.2 s over HTTP/1.1.
 */
const SLOW_WINDOW_BYTES_PER_SECOND = 2_000_000;

/**
 * Two transports as one. It never resends: a failure marks the origin and is thrown on, and the retry engine's next
 * attempt takes the other road.
 */
export function createFallbackTransport(options: FallbackTransportOptions): FallbackTransport {
  const { h2, http1, onChange } = options;
  const clock = options.clock ?? systemClock;
  const policy: FallbackPolicy = { ...DEFAULT_FALLBACK_POLICY, ...options.policy };
  const origins = new Map<string, OriginState>();

  const stateOf = (origin: string): OriginState => origins.get(origin) ?? UNMARKED;

  function become(origin: string, next: OriginState): void {
    const before = stateOf(origin);
    if (next === before) return;
    if (!origins.has(origin) && origins.size >= MAX_ORIGINS) {
      const oldest = origins.keys().next();
      if (!oldest.done) origins.delete(oldest.value);
    }
    origins.set(origin, next);
    if (next.road === before.road) return;
    onChange?.({
      origin,
      road: next.road,
      ...(next.road === 'h2' ? {} : { reason: next.reason, holdMs: next.holdMs }),
    });
  }

  async function overH2(
    request: TransportRequest,
    attempt: Attempt,
    origin: string,
    probe: boolean,
  ): Promise<TransportResponse> {
    const learn = (outcome: H2Outcome, exchange: Exchange | undefined): void => {
      const now = clock.now();
      const next = afterH2(stateOf(origin), outcome, probe, now, policy);
      become(origin, isSlowWindow(exchange) ? mark(next, 'slow-window', now, policy) : next);
    };
    try {
      const response = await h2.send(request, attempt);
      learn('worked', response.exchange);
      return { ...response, body: watched(response.body, learn) };
    } catch (error) {
      learn(h2Outcome(error), TransportError.is(error) ? error.exchange : undefined);
      throw error;
    }
  }

  return {
    name: 'fallback',
    send(request, attempt) {
      const { origin } = request.url;
      const state = stateOf(origin);
      const way = route(state, clock.now());
      if (way === 'http1') return http1.send(request, attempt);
      if (way === 'probe') become(origin, probing(state));
      return overH2(request, attempt, origin, way === 'probe');
    },
    stats: () => sum(h2.stats(), http1.stats()),
    async close(closing) {
      await Promise.all([h2.close(closing), http1.close(closing)]);
    },
    fallbacks: () =>
      [...origins].flatMap(([origin, state]): FallbackView[] => {
        if (state.road === 'h2') return [];
        const { road, reason } = state;
        return [
          road === 'http1'
            ? { origin, road, reason, remainingMs: Math.max(0, state.until - clock.now()) }
            : { origin, road, reason },
        ];
      }),
    reset(origin) {
      for (const name of origin === undefined ? [...origins.keys()] : [origin]) become(name, UNMARKED);
    },
  };
}

/**
 * The same body; a failure in it is learned beside the headers that had worked, so that answers which are always cut off
 * reach a rate of one half.
 */
async function* watched(
  body: AsyncIterable<Uint8Array>,
  learn: (outcome: H2Outcome, exchange: Exchange | undefined) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* body;
  } catch (error) {
    learn(h2Outcome(error), undefined);
    throw error;
  }
}

/** Only failures of the protocol itself speak against it; HTTP/1.1 meets the same names, routes and certificates. */
function h2Outcome(error: unknown): H2Outcome {
  if (!TransportError.is(error)) return 'says-nothing';
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

function isSlowWindow(exchange: Exchange | undefined): boolean {
  const window = exchange?.flowControl;
  if (exchange === undefined || window === undefined || exchange.bytesSent <= window.windowBytes)
    return false;
  return window.windowBytes / (window.roundTripMs / 1000) < SLOW_WINDOW_BYTES_PER_SECOND;
}

function sum(a: TransportStats, b: TransportStats): TransportStats {
  return {
    live: a.live + b.live,
    spare: a.spare + b.spare,
    connecting: a.connecting + b.connecting,
    retired: a.retired + b.retired,
    streams: a.streams + b.streams,
    waiting: a.waiting + b.waiting,
  };
}

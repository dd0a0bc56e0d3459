/**
 * What the fallback knows about one origin, and the pure rules by which it changes. Times are milliseconds on a monotonic
 * clock, except where a name says otherwise.
 */

/** Why an origin is spoken to over HTTP/1.1. A closed set. */
export type FallbackReason =
  /** The peer said so: HTTP_1_1_REQUIRED, or ALPN without h2. */
  | 'http1-required'
  /** Too many exchanges failed over HTTP/2. */
  | 'failure-rate'
  /** The peer's flow-control window allows less throughput than HTTP/1.1 would on this round-trip time. */
  | 'slow-window';

export interface FallbackPolicy {
  /** Share of failed HTTP/2 exchanges, 0 to 1, from which the origin is marked. */
  readonly failureRate: number;
  /** HTTP/2 exchanges within the window below which the rate says nothing. */
  readonly minRequests: number;
  /** The window over which exchanges are counted. */
  readonly windowMs: number;
  /** How long the first mark lasts. It doubles each time it is renewed. */
  readonly holdMs: number;
  readonly maxHoldMs: number;
}

export const DEFAULT_FALLBACK_POLICY: FallbackPolicy = Object.freeze({
  failureRate: 0.5,
  minRequests: 10,
  windowMs: 60_000,
  holdMs: 300_000,
  maxHoldMs: 2 * 24 * 3_600_000,
});

interface Sample {
  readonly at: number;
  readonly failed: boolean;
}

/** Only forward in time: `h2` -> `http1` -> `probing` -> `h2` or `http1` again. */
export type OriginState =
  | { readonly road: 'h2'; readonly samples: readonly Sample[] }
  | {
      readonly road: 'http1';
      readonly reason: FallbackReason;
      readonly until: number;
      readonly holdMs: number;
    }
  /** Half open: the hold is over. One request at a time is tried over HTTP/2 until one decides; the others take HTTP/1.1. */
  | {
      readonly road: 'probing';
      readonly reason: FallbackReason;
      readonly holdMs: number;
      /** A probe is under way. */
      readonly out: boolean;
    };

export const UNMARKED: OriginState = Object.freeze({ road: 'h2', samples: Object.freeze([]) });

/** The most exchanges remembered for the rate. */
const MAX_SAMPLES = 200;

/** Which way the next request takes. A probe changes the state before it leaves, so that only one is out. */
export function route(state: OriginState, now: number): 'h2' | 'http1' | 'probe' {
  switch (state.road) {
    case 'h2':
      return 'h2';
    case 'probing':
      return state.out ? 'http1' : 'probe';
    case 'http1':
      return now >= state.until ? 'probe' : 'http1';
  }
}

/** The state while a probe is out. */
export function probing(state: OriginState): OriginState {
  if (state.road === 'h2') return state;
  return { road: 'probing', reason: state.reason, holdMs: state.holdMs, out: true };
}

/** The state when a probe is over, whatever was learned from it: if nothing decided, the next request may probe. */
export function released(state: OriginState): OriginState {
  return state.road === 'probing' && state.out ? { ...state, out: false } : state;
}

/** What an exchange over HTTP/2 says about HTTP/2, at its end. A closed set. */
export type H2Outcome =
  /** It was whole, and no window held it up. */
  | 'worked'
  /** It was whole, and too little was sent to tell whether the peer's window holds uploads up. */
  | 'within-window'
  /** The peer's window held the upload up. */
  | 'slow-window'
  | 'failed'
  | 'http1-required'
  /** It was given up, or what ended it would have ended it over HTTP/1.1 too. */
  | 'says-nothing';

/** The state after an exchange over HTTP/2. `probe` tells whether it was a half-open one. */
export function afterH2(
  state: OriginState,
  outcome: H2Outcome,
  probe: boolean,
  now: number,
  policy: FallbackPolicy,
): OriginState {
  if (probe && state.road === 'probing') return afterProbe(state, outcome, now, policy);
  if (outcome === 'http1-required' || outcome === 'slow-window') return mark(state, outcome, now, policy);
  if (state.road !== 'h2' || outcome === 'says-nothing') return state;
  const samples = [...state.samples, { at: now, failed: outcome === 'failed' }]
    .filter((sample) => now - sample.at <= policy.windowMs)
    .slice(-MAX_SAMPLES);
  const failed = samples.filter((sample) => sample.failed).length;
  const enough = samples.length >= policy.minRequests && failed / samples.length >= policy.failureRate;
  return enough ? mark(state, 'failure-rate', now, policy) : { road: 'h2', samples };
}

/** An outcome that decides nothing leaves the state as it is; `released` lets the next request probe. */
function afterProbe(
  state: Extract<OriginState, { road: 'probing' }>,
  outcome: H2Outcome,
  now: number,
  policy: FallbackPolicy,
): OriginState {
  switch (outcome) {
    case 'worked':
      return UNMARKED;
    case 'within-window':
      return state.reason === 'slow-window' ? state : UNMARKED;
    case 'says-nothing':
      return state;
    case 'failed':
      return renew(state.reason, state.holdMs, now, policy);
    case 'slow-window':
    case 'http1-required':
      return renew(outcome, state.holdMs, now, policy);
  }
}

function renew(reason: FallbackReason, holdMs: number, now: number, policy: FallbackPolicy): OriginState {
  const longer = Math.min(holdMs * 2, policy.maxHoldMs);
  return { road: 'http1', reason, until: now + longer, holdMs: longer };
}

/**
 * Marks an origin for HTTP/1.1. An origin that is marked already keeps its time: exchanges that were still running over
 * HTTP/2 when it was marked are the same piece of news, not a renewal.
 */
export function mark(
  state: OriginState,
  reason: FallbackReason,
  now: number,
  policy: FallbackPolicy,
): OriginState {
  if (state.road !== 'h2') return state;
  return { road: 'http1', reason, until: now + policy.holdMs, holdMs: policy.holdMs };
}

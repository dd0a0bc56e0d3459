import { type Clock, systemClock } from '../../time/clock.ts';
import {
  afterH2,
  DEFAULT_FALLBACK_POLICY,
  type FallbackPolicy,
  type FallbackReason,
  type H2Outcome,
  type OriginState,
  probing,
  released,
  route,
  UNMARKED,
} from './origin-state.ts';

export interface FallbackMemoryOptions {
  /** Parts of `DEFAULT_FALLBACK_POLICY` to replace. */
  readonly policy?: Partial<FallbackPolicy>;
  readonly clock?: Clock;
  /** Hears every mark, probe and clearing. Must not throw. */
  readonly onChange?: ((change: FallbackChange) => void) | undefined;
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

/** Origins remembered; the operator configures a handful, so that this is only a bound. */
const MAX_ORIGINS = 1_000;

/**
 * What is known about origins and HTTP/2. Transports that speak to the same upstream share one, so that what an isolated
 * upload has learned holds for the shared connections too.
 */
export class FallbackMemory {
  #policy: FallbackPolicy;
  readonly #clock: Clock;
  readonly #onChange: ((change: FallbackChange) => void) | undefined;
  readonly #origins = new Map<string, OriginState>();

  constructor(options: FallbackMemoryOptions = {}) {
    this.#policy = { ...DEFAULT_FALLBACK_POLICY, ...options.policy };
    this.#clock = options.clock ?? systemClock;
    this.#onChange = options.onChange;
  }

  /**
   * Goes by other rules from now on; parts that are not given are those of `DEFAULT_FALLBACK_POLICY`. What has been learned
   * stays, and a mark that stands keeps its time.
   */
  usePolicy(policy: Partial<FallbackPolicy>): void {
    this.#policy = { ...DEFAULT_FALLBACK_POLICY, ...policy };
  }

  /** Which road the next request to `origin` takes. One probe is given out at a time: it must be released when it is over. */
  route(origin: string): 'h2' | 'http1' | 'probe' {
    const state = this.#stateOf(origin);
    const road = route(state, this.#clock.now());
    if (road === 'probe') this.#become(origin, probing(state));
    return road;
  }

  /** Which road the next request to `origin` would take; gives no probe out. */
  peek(origin: string): 'h2' | 'http1' | 'probe' {
    return route(this.#stateOf(origin), this.#clock.now());
  }

  /** Learns from an exchange over HTTP/2, once at its end. `probe` tells whether `route()` gave it out as one. */
  learn(origin: string, outcome: H2Outcome, probe: boolean): void {
    this.#become(origin, afterH2(this.#stateOf(origin), outcome, probe, this.#clock.now(), this.#policy));
  }

  /** A probe is over; unless it has decided, the next request is one. */
  release(origin: string): void {
    this.#become(origin, released(this.#stateOf(origin)));
  }

  /** The origins that are not simply spoken to over HTTP/2. */
  list(): readonly FallbackView[] {
    const now = this.#clock.now();
    return [...this.#origins].flatMap(([origin, state]) => viewOf(origin, state, now) ?? []);
  }

  /** Forgets what is held against an origin, or against all. */
  reset(origin?: string): void {
    for (const name of origin === undefined ? [...this.#origins.keys()] : [origin]) {
      this.#become(name, UNMARKED);
      this.#origins.delete(name);
    }
  }

  #stateOf(origin: string): OriginState {
    return this.#origins.get(origin) ?? UNMARKED;
  }

  #become(origin: string, next: OriginState): void {
    const before = this.#stateOf(origin);
    if (next === before) return;
    if (!this.#origins.has(origin) && this.#origins.size >= MAX_ORIGINS) {
      const oldest = this.#origins.keys().next();
      if (!oldest.done) this.#origins.delete(oldest.value);
    }
    this.#origins.set(origin, next);
    if (next.road === before.road) return;
    this.#onChange?.({
      origin,
      road: next.road,
      ...(next.road === 'h2' ? {} : { reason: next.reason, holdMs: next.holdMs }),
    });
  }
}

function viewOf(origin: string, state: OriginState, now: number): FallbackView | undefined {
  switch (state.road) {
    case 'h2':
      return undefined;
    case 'http1':
      return { origin, road: 'http1', reason: state.reason, remainingMs: Math.max(0, state.until - now) };
    case 'probing':
      return { origin, road: 'probing', reason: state.reason };
  }
}

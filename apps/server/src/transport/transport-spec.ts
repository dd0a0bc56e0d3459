/** What settings say about transports, as data: which ones a change replaces is a comparison. */
import { isDeepStrictEqual } from 'node:util';
import {
  DEFAULT_FALLBACK_POLICY,
  type FallbackPolicy,
  FRESH,
  POOLED,
  PREWARMED,
  type ReusePolicy,
} from '@ferry/core';
import type { RuntimeConfig } from '../settings/runtime-config.ts';

/** The two ways of using connections: one for each upload, or shared (`reuse_session`). */
export type Sharing = 'isolated' | 'shared';

const SHARINGS = ['isolated', 'shared'] as const satisfies readonly Sharing[];

/** All that a transport is made from, beside how its upstream is reached. */
export interface TransportSpec {
  readonly protocol: 'undici' | 'http1' | 'auto';
  readonly policy: ReusePolicy;
}

export type TransportSpecs = Readonly<Record<Sharing, TransportSpec>>;

export function transportSpecs(config: Pick<RuntimeConfig, 'pool' | 'upload' | 'fallback'>): TransportSpecs {
  const { upload, fallback } = config;
  const { isolated, shared } = reusePolicies(config);
  // Without the road to fall back to, `auto` is HTTP/2 alone.
  const protocol = upload.transport === 'auto' && !fallback.http1 ? 'undici' : upload.transport;
  return { isolated: { protocol, policy: isolated }, shared: { protocol, policy: shared } };
}

/** The transports that a change of settings replaces. */
export function replacedTransports(before: TransportSpecs, after: TransportSpecs): Sharing[] {
  return SHARINGS.filter((sharing) => !isDeepStrictEqual(before[sharing], after[sharing]));
}

/** How isolated and shared connections are used, by the configuration. */
export function reusePolicies({
  pool,
  upload,
}: Pick<RuntimeConfig, 'pool' | 'upload'>): Readonly<Record<Sharing, ReusePolicy>> {
  return {
    isolated: {
      ...(pool.spares > 0 ? PREWARMED : FRESH),
      spares: pool.spares,
      // One connection each for the uploads and edits that may run at once: a limit below that would make an upload wait
      // for another's connection, which isolation is there to avoid.
      maxConnections: 2 * upload.concurrency + pool.spares,
    },
    shared: {
      ...POOLED,
      maxConnections: pool.max_connections,
      maxStreams: pool.max_streams,
      maxIdleMs: pool.max_idle_ms,
      maxAgeMs: pool.max_age_ms,
      proveAfterIdleMs: pool.prove_after_idle_ms,
    },
  };
}

/** When HTTP/1.1 takes over. Times of the configuration are seconds, those of the policy milliseconds. */
export function fallbackPolicy({ fallback }: Pick<RuntimeConfig, 'fallback'>): Partial<FallbackPolicy> {
  const holdMs = fallback.hold_s * 1_000;
  return {
    failureRate: fallback.h2_failure_rate,
    minRequests: fallback.min_requests,
    holdMs,
    maxHoldMs: Math.max(DEFAULT_FALLBACK_POLICY.maxHoldMs, holdMs),
  };
}

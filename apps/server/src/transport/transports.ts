/** The one place where configuration becomes transports. */
import {
  createFallbackTransport,
  DEFAULT_FALLBACK_POLICY,
  type FallbackChange,
  FallbackMemory,
  FRESH,
  type Logger,
  POOLED,
  PREWARMED,
  type ProxyOptions,
  type ReusePolicy,
  type Transport,
  type TransportChoice,
} from '@ferry/core';
import { createHttp1Transport } from '@ferry/transport-http1';
import { createUndiciTransport } from '@ferry/transport-undici';
import type { Config } from '../config/schema.ts';

/** How an upstream is reached. */
export interface Reach {
  /** PEM of the certificate authorities to trust instead of Node's own. */
  readonly ca?: string;
  /** The proxy before it; absent for none. */
  readonly proxy?: ProxyOptions | undefined;
}

/** How isolated and shared connections are used, by the configuration. */
export function reusePolicies({ pool, upload }: Pick<Config, 'pool' | 'upload'>): {
  readonly isolated: ReusePolicy;
  readonly shared: ReusePolicy;
} {
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

/** Both ways of using connections, over the configured protocol. Close them through the client that holds them. */
export function createTransports(config: Config, { ca, proxy }: Reach, logger: Logger): TransportChoice {
  const { isolated, shared } = reusePolicies(config);
  const memory = fallbackMemory(config, logger);
  const make = (policy: ReusePolicy): Transport => {
    const options = { policy, ...(ca !== undefined && { tls: { ca } }), ...(proxy && { proxy }) };
    switch (config.upload.transport) {
      case 'undici':
        return createUndiciTransport(options);
      case 'http1':
        return createHttp1Transport(options);
      case 'auto': {
        const h2 = createUndiciTransport(options);
        if (!config.fallback.http1) return h2;
        return createFallbackTransport({ h2, http1: createHttp1Transport(options), memory });
      }
      default:
        return config.upload.transport satisfies never;
    }
  };
  return { isolated: make(isolated), shared: make(shared) };
}

/** One for both ways: what an isolated upload has learned of an upstream holds for the shared connections too. */
function fallbackMemory({ fallback }: Config, logger: Logger): FallbackMemory {
  return new FallbackMemory({
    policy: {
      failureRate: fallback.h2_failure_rate,
      minRequests: fallback.min_requests,
      holdMs: fallback.hold_s * 1_000,
      maxHoldMs: Math.max(DEFAULT_FALLBACK_POLICY.maxHoldMs, fallback.hold_s * 1_000),
    },
    onChange: (change) => logChange(change, logger),
  });
}

function logChange({ origin, road, reason, holdMs }: FallbackChange, logger: Logger): void {
  const fields = { origin, road, reason, hold_ms: holdMs };
  switch (road) {
    case 'http1':
      logger.warn(fields, `Falling back to HTTP/1.1 for ${origin}: ${reason}`);
      break;
    case 'probing':
      logger.info(fields, `Trying HTTP/2 again for ${origin}`);
      break;
    case 'h2':
      logger.info(fields, `HTTP/2 works again for ${origin}`);
      break;
  }
}

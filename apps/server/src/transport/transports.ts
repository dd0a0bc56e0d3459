/** The one place where configuration becomes transports. */
import {
  createFallbackTransport,
  type FallbackChange,
  type FallbackMemory,
  type Logger,
  type ProxyOptions,
  type Transport,
} from '@ferry/core';
import { createHttp1Transport } from '@ferry/transport-http1';
import { createUndiciTransport } from '@ferry/transport-undici';
import type { TransportSpec } from './transport-spec.ts';

/** How an upstream is reached. */
export interface Reach {
  /** PEM of the certificate authorities to trust instead of Node's own. */
  readonly ca?: string;
  /** The proxy before it; absent for none. */
  readonly proxy?: ProxyOptions | undefined;
}

/** @param memory what is known of the upstream and HTTP/2: one for all of its transports, also for those that follow. */
export function createTransport(
  { protocol, policy }: TransportSpec,
  { ca, proxy }: Reach,
  memory: FallbackMemory,
): Transport {
  const options = { policy, ...(ca !== undefined && { tls: { ca } }), ...(proxy && { proxy }) };
  switch (protocol) {
    case 'undici':
      return createUndiciTransport(options);
    case 'http1':
      return createHttp1Transport(options);
    case 'auto':
      return createFallbackTransport({
        h2: createUndiciTransport(options),
        http1: createHttp1Transport(options),
        memory,
      });
    default:
      return protocol satisfies never;
  }
}

export function logFallback({ origin, road, reason, holdMs }: FallbackChange, logger: Logger): void {
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

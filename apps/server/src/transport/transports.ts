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
import type { TransportWatch } from '../telemetry/live-upstreams.ts';
import type { TransportSpec } from './transport-spec.ts';

/** How an upstream is reached. */
export interface Reach {
  /** PEM of the certificate authorities to trust instead of Node's own. */
  readonly ca?: string;
  /** The proxy before it; absent for none. */
  readonly proxy?: ProxyOptions | undefined;
}

/**
 * @param memory what is known of the upstream and HTTP/2: one for all of its transports, also for those that follow.
 * @param watch what its connections are told to.
 */
export function createTransport(
  { protocol, policy }: TransportSpec,
  { ca, proxy }: Reach,
  memory: FallbackMemory,
  watch: TransportWatch,
): Transport {
  const options = { policy, ...(ca !== undefined && { tls: { ca } }), ...(proxy && { proxy }) };
  const overH2 = (): Transport => {
    const transport = createUndiciTransport({ ...options, onPoolEvent: watch.onPoolEvent('h2') });
    watch.show('h2', transport);
    return transport;
  };
  const overHttp1 = (): Transport => {
    const transport = createHttp1Transport({ ...options, onPoolEvent: watch.onPoolEvent('http/1.1') });
    watch.show('http/1.1', transport);
    return transport;
  };
  switch (protocol) {
    case 'undici':
      return watched(overH2(), watch);
    case 'http1':
      return watched(overHttp1(), watch);
    case 'auto':
      return watched(createFallbackTransport({ h2: overH2(), http1: overHttp1(), memory }), watch);
    default:
      return protocol satisfies never;
  }
}

/** The same transport; once it is closed nobody looks at it any more. */
function watched(transport: Transport, watch: TransportWatch): Transport {
  return {
    // All of it, also what a transport need not have, such as `prepare`: they are plain objects.
    ...transport,
    async close(options) {
      await transport.close(options);
      watch[Symbol.dispose]();
    },
  };
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

import type { LookupFunction } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import type { Clock, PoolEvent, ProxyOptions, ReusePolicy } from '@ferry/core';

/** TLS settings shared by every connection of one transport. */
export type Http1TlsOptions = Pick<
  SecureContextOptions,
  'ca' | 'cert' | 'key' | 'passphrase' | 'minVersion' | 'maxVersion'
>;

export interface Http1TransportOptions {
  /** How connections are used: `FRESH`, `PREWARMED`, `POOLED` from core, or a variation of them. */
  readonly policy: ReusePolicy;
  /** Parsed once, when the transport is made. Default: Node's own roots. */
  readonly tls?: Http1TlsOptions;
  /** Resolves host names in place of `dns.lookup`. */
  readonly lookup?: LookupFunction;
  /**
   * Goes through an HTTP proxy by CONNECT, `http:` URLs too; TLS is with the upstream, inside. `environment` reads
   * `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` once, when the transport is made. Default none.
   */
  readonly proxy?: ProxyOptions | 'environment';
  /** Default: the system's. */
  readonly clock?: Clock;
  /** The transport's name in logs and labels. Default `http1`. */
  readonly name?: string;
  /** Hears what happens to connections. Must not throw. */
  readonly onPoolEvent?: (event: PoolEvent) => void;
}

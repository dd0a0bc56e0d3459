import type { LookupFunction } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import {
  type Clock,
  ConnectionPool,
  type ConnectionView,
  createConnector,
  Deadlines,
  type PoolEvent,
  type ProxyOptions,
  type ReusePolicy,
  systemClock,
  type Transport,
} from '@ferry/core';
import { PeerLimits } from './connection/peer-limits.ts';
import { UndiciConnection } from './connection/undici-connection.ts';
import { send } from './exchange/send.ts';

/** Trust and identity. Everything else about TLS is Node's default, and verification cannot be switched off. */
export interface TlsOptions {
  /** PEM certificates trusted instead of Node's roots. */
  readonly ca?: string | readonly string[];
  /** PEM client certificate and its key. */
  readonly cert?: string;
  readonly key?: string;
}

export interface UndiciTransportOptions {
  /** `FRESH`, `PREWARMED`, `POOLED`, or any other value of a policy. */
  readonly policy: ReusePolicy;
  readonly tls?: TlsOptions;
  /** Default `undici`. */
  readonly name?: string;
  /** Resolves host names in place of `dns.lookup`. */
  readonly lookup?: LookupFunction;
  /**
   * Goes through an HTTP proxy (CONNECT); TLS is with the upstream, inside. `environment` reads `HTTPS_PROXY` and `NO_PROXY`
   * once, now. Default none.
   */
  readonly proxy?: ProxyOptions | 'environment';
  /** Default the system's. */
  readonly clock?: Clock;
  /** Hears what happens to connections. Must not throw. */
  readonly onPoolEvent?: (event: PoolEvent) => void;
}

export interface UndiciTransport extends Transport {
  /** Every connection at this moment, for people to look at. */
  connections(): readonly ConnectionView[];
}

let connectionCount = 0;

/**
 * HTTP/2 over TLS on undici: one `Client` is one connection, and the connections are pooled here by `policy`.
 * @throws Error that names the option or variable which is not a proxy's address; the OpenSSL error for unreadable `tls`.
 */
export function createUndiciTransport(options: UndiciTransportOptions): UndiciTransport {
  const { policy, name = 'undici', clock = systemClock, onPoolEvent } = options;
  const connector = createConnector({ ...options, alpn: 'h2', tls: secureContext(options.tls), clock });
  const limits = new PeerLimits();
  const pool = new ConnectionPool<UndiciConnection>({
    policy,
    clock,
    proof: 'peer',
    onEvent: onPoolEvent,
    open(request) {
      connectionCount += 1;
      const limit = limits.of(request.origin.origin);
      return new UndiciConnection({ ...request, id: `h2-${connectionCount}`, connector, clock, limit });
    },
  });
  const shared = { pool, clock, deadlines: new Deadlines(clock) };
  return {
    name,
    send: (request, attempt) => send(shared, request, attempt),
    prepare(origin) {
      if (origin.protocol === 'https:') pool.prepare(origin);
    },
    stats: () => pool.stats(),
    connections: () => pool.views(),
    async close(closing) {
      await pool.close(closing?.graceMs ?? 0);
      shared.deadlines.clear();
    },
  };
}

function secureContext(options: TlsOptions | undefined): SecureContextOptions | undefined {
  if (options === undefined) return undefined;
  const { ca, ...identity } = options;
  return { ...identity, ...(ca === undefined ? {} : { ca: typeof ca === 'string' ? ca : [...ca] }) };
}

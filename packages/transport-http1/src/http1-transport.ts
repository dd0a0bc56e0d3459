import {
  ConnectionPool,
  type ConnectionView,
  createConnector,
  headerFault,
  NO_EXCHANGE,
  systemClock,
  type Transport,
  TransportError,
  type TransportRequest,
} from '@ferry/core';
import { Http1Connection } from './connection/http1-connection.ts';
import { keepAliveProbes } from './connection/keep-alive-probes.ts';
import { SingleExchange } from './exchange/exchange.ts';
import type { Http1TransportOptions } from './options.ts';

export interface Http1Transport extends Transport {
  /** Every connection at this moment, for people to look at. */
  connections(): readonly ConnectionView[];
}

let connectionCount = 0;

/**
 * A transport that speaks HTTP/1.1 through got, on connections of its own pool.
 *
 * `proveAfterIdleMs` and `proveTimeoutMs` set TCP keep-alive probes, since HTTP/1.1 has no PING; `maxStreams` has no
 * meaning here.
 * @throws the OpenSSL error when `tls` holds something that cannot be read; an Error that names the option or variable which is
 * not a proxy's address.
 */
export function createHttp1Transport(options: Http1TransportOptions): Http1Transport {
  const { policy, name = 'http1', clock = systemClock, onPoolEvent, tls, lookup, proxy } = options;
  const connector = createConnector({ alpn: 'http/1.1', tls, lookup, proxy, clock });
  const probes = keepAliveProbes(policy);
  const pool = new ConnectionPool<Http1Connection>({
    policy: { ...policy, maxStreams: 1 },
    clock,
    proof: 'local',
    onEvent: onPoolEvent,
    open(request) {
      connectionCount += 1;
      return new Http1Connection({ ...request, id: `h1-${connectionCount}`, connector, clock, probes });
    },
  });
  const refuse = (kind: 'closed' | 'protocol' | 'invalid-request', reason: string): TransportError =>
    new TransportError(`${name}: ${reason}`, {
      kind,
      phase: 'acquire',
      delivery: 'not-sent',
      exchange: NO_EXCHANGE,
    });
  return {
    name,
    async send(request, attempt) {
      if (pool.closing) throw refuse('closed', 'the transport was closed');
      if (!isHttp(request.url)) throw refuse('protocol', 'only https: and http: URLs can be sent');
      const fault = headerFault(request.headers);
      if (fault !== undefined) throw refuse('invalid-request', fault);
      const { maxUses } = policy;
      return new SingleExchange({ name, clock, maxUses, pool }, request, attempt).run();
    },
    prepare(origin) {
      if (isHttp(origin)) pool.prepare(origin);
    },
    stats: () => pool.stats(),
    connections: () => pool.views(),
    close: (closing) => pool.close(closing?.graceMs ?? 0),
  };
}

function isHttp({ protocol }: TransportRequest['url']): boolean {
  return protocol === 'https:' || protocol === 'http:';
}

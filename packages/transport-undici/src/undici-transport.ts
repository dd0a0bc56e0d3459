import type { LookupFunction } from 'node:net';
import {
  type Attempt,
  type Clock,
  type ConnectionView,
  type PoolEvent,
  type ProxyOptions,
  proxyFor,
  type ReusePolicy,
  systemClock,
  type Transport,
  TransportError,
  type TransportRequest,
  type TransportResponse,
} from '@ferry/core';
import { createConnector, type TlsOptions } from './connection/connector.ts';
import { UndiciConnection } from './connection/undici-connection.ts';
import { DispatchHandler } from './exchange/dispatch-handler.ts';
import { ExchangeRecord } from './exchange/exchange-record.ts';
import { AcquireFailure } from './pool/acquire-failure.ts';
import { ConnectionPool } from './pool/connection-pool.ts';
import type { Lease } from './pool/lease.ts';

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
  const connector = createConnector({
    tls: options.tls,
    lookup: options.lookup,
    clock,
    proxyFor: proxyFor(options.proxy),
  });
  const pool = new ConnectionPool<UndiciConnection>({
    policy,
    clock,
    onEvent: (event) => onPoolEvent?.(event),
    open(origin, connectMs, onChange) {
      connectionCount += 1;
      return new UndiciConnection({
        id: `h2-${connectionCount}`,
        origin,
        connector,
        clock,
        connectMs,
        onChange,
      });
    },
  });
  return {
    name,
    send: (request, attempt) => send(pool, clock, request, attempt),
    stats: () => pool.stats(),
    connections: () => pool.views(),
    close: (closing) => pool.close(closing?.graceMs ?? 0),
  };
}

type Stop = (kind: 'aborted' | 'timeout' | 'closed', message: string, cause?: unknown) => void;

async function send(
  pool: ConnectionPool<UndiciConnection>,
  clock: Clock,
  request: TransportRequest,
  attempt: Attempt,
): Promise<TransportResponse> {
  const record = new ExchangeRecord(clock);
  const { signal, limits } = attempt;
  refuseAtOnce(pool, request, signal, record);

  // Whatever stage the exchange is in, `stop` ends it; the stages hand it over to each other.
  let stop: Stop = () => undefined;
  let stopped: Parameters<Stop> | undefined;
  const end: Stop = (...why) => {
    stopped ??= why;
    stop(...why);
  };
  const onAbort = () => end('aborted', 'the caller aborted', signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const cancelTotal = clock.after(limits.totalMs, () =>
    end('timeout', `not done within ${limits.totalMs} ms`),
  );
  const leave = () => {
    signal.removeEventListener('abort', onAbort);
    cancelTotal();
  };

  let lease: Lease<UndiciConnection>;
  try {
    const waiter = pool.acquire(request.url, {
      connectMs: limits.connectMs,
      avoid: attempt.avoidConnections,
      onConnecting: () => record.enter('connect'),
    });
    stop = (...why) => waiter.leave(...why);
    lease = await waiter.lease;
  } catch (error) {
    leave();
    throw notAcquired(error, record);
  }

  const { connection } = lease;
  record.connected(connection, lease.origin);
  const handler: DispatchHandler = new DispatchHandler({
    request,
    attempt,
    connection,
    record,
    clock,
    onSettled(verdict) {
      leave();
      lease.release(verdict);
    },
  });
  stop = (...why) => handler.abandon(...why);
  // The connection may have been granted a moment before the caller gave up.
  if (stopped === undefined) handler.start();
  else stop(...stopped);
  return handler.response;
}

function refuseAtOnce(
  pool: ConnectionPool<UndiciConnection>,
  request: TransportRequest,
  signal: AbortSignal,
  record: ExchangeRecord,
): void {
  const refuse = (kind: 'closed' | 'aborted' | 'http1-required', message: string, cause?: unknown) =>
    new TransportError(message, {
      kind,
      phase: 'acquire',
      delivery: 'not-sent',
      exchange: record.snapshot(),
      cause,
    });
  if (pool.closing) throw refuse('closed', 'the transport is closed');
  if (signal.aborted) throw refuse('aborted', 'the caller aborted before the request began', signal.reason);
  if (request.url.protocol !== 'https:') {
    throw refuse('http1-required', 'HTTP/2 needs TLS here: a cleartext origin is reached over HTTP/1.1');
  }
}

function notAcquired(error: unknown, record: ExchangeRecord): TransportError {
  const failure = AcquireFailure.from(error);
  record.enter(failure.phase);
  record.end();
  return new TransportError(failure.message, {
    kind: failure.kind,
    phase: failure.phase,
    delivery: 'not-sent',
    exchange: record.snapshot(),
    cause: failure.cause,
  });
}

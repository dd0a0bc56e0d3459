import type { LookupFunction } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import {
  AcquireFailure,
  type Attempt,
  type Clock,
  ConnectionPool,
  type ConnectionView,
  createConnector,
  type Lease,
  type PoolEvent,
  type ProxyOptions,
  type ReusePolicy,
  systemClock,
  type Transport,
  TransportError,
  type TransportRequest,
  type TransportResponse,
} from '@ferry/core';
import { PeerLimits } from './connection/peer-limits.ts';
import { UndiciConnection } from './connection/undici-connection.ts';
import { DispatchHandler } from './exchange/dispatch-handler.ts';
import { ExchangeRecord } from './exchange/exchange-record.ts';

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
  return {
    name,
    send: (request, attempt) => send(pool, clock, request, attempt),
    stats: () => pool.stats(),
    connections: () => pool.views(),
    close: (closing) => pool.close(closing?.graceMs ?? 0),
  };
}

function secureContext(options: TlsOptions | undefined): SecureContextOptions | undefined {
  if (options === undefined) return undefined;
  const { ca, ...identity } = options;
  return { ...identity, ...(ca === undefined ? {} : { ca: typeof ca === 'string' ? ca : [...ca] }) };
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

  const { connectMs } = limits;
  const avoid = attempt.avoidConnections;
  let lease: Lease<UndiciConnection> | undefined;
  try {
    lease = pool.take(request.url, { connectMs, avoid });
    if (lease === undefined) {
      const onConnecting = () => record.enter('connect');
      const waiting = pool.wait(request.url, { connectMs, avoid, onConnecting });
      stop = (...why) => waiting.leave(...why);
      lease = await waiting.lease;
    }
  } catch (error) {
    leave();
    throw notAcquired(error, record);
  }

  const { connection, release } = lease;
  record.connected(connection, lease.origin);
  const handler: DispatchHandler = new DispatchHandler({
    request,
    attempt,
    connection,
    record,
    clock,
    onSettled(verdict) {
      leave();
      release(verdict);
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

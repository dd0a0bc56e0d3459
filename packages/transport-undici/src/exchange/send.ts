import {
  AcquireFailure,
  type Attempt,
  type Clock,
  type ConnectionPool,
  type Deadlines,
  headerFault,
  instant,
  type Lease,
  TransportError,
  type TransportErrorKind,
  type TransportRequest,
  type TransportResponse,
} from '@ferry/core';
import type { UndiciConnection } from '../connection/undici-connection.ts';
import { DispatchHandler, type Wanted } from './dispatch-handler.ts';
import { ExchangeRecord } from './exchange-record.ts';

/** What the exchanges of one transport share. */
export interface Shared {
  readonly pool: ConnectionPool<UndiciConnection>;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
}

/** One request, at most once on the wire. A connection that is ready is taken in this call, without a promise or a timer. */
export function send(
  shared: Shared,
  request: TransportRequest,
  attempt: Attempt,
): Promise<TransportResponse> {
  const { pool, clock } = shared;
  const now = instant(clock);
  const wanted: Wanted = { request, attempt, record: new ExchangeRecord(clock, now.mono) };
  try {
    refuseAtOnce(pool, wanted);
    const { limits, avoidConnections: avoid } = attempt;
    const lease = pool.take(request.url, { connectMs: limits.connectMs, avoid, now });
    return lease === undefined
      ? waitForLease(shared, wanted).then((granted) => exchange(shared, wanted, granted))
      : exchange(shared, wanted, lease);
  } catch (error) {
    return Promise.reject(TransportError.is(error) ? error : notAcquired(error, wanted.record));
  }
}

function exchange(
  shared: Shared,
  wanted: Wanted,
  lease: Lease<UndiciConnection>,
): Promise<TransportResponse> {
  const handler = new DispatchHandler(shared, wanted, lease);
  handler.start();
  return handler.response;
}

function refuseAtOnce(pool: ConnectionPool<UndiciConnection>, { request, attempt, record }: Wanted): void {
  const { signal } = attempt;
  if (pool.closing) throw refusal(record, 'closed', 'the transport is closed');
  if (signal.aborted) {
    throw refusal(record, 'aborted', 'the caller aborted before the request began', signal.reason);
  }
  const fault = headerFault(request.headers);
  if (fault !== undefined) throw refusal(record, 'invalid-request', fault);
  if (request.url.protocol !== 'https:') {
    const message = 'HTTP/2 needs TLS here: a cleartext origin is reached over HTTP/1.1';
    throw refusal(record, 'http1-required', message);
  }
}

function refusal(
  record: ExchangeRecord,
  kind: TransportErrorKind,
  message: string,
  cause?: unknown,
): TransportError {
  const exchange = record.snapshot();
  return new TransportError(message, { kind, phase: 'acquire', delivery: 'not-sent', exchange, cause });
}

/** Waits for a connection: no longer than the limits allow, and not after an abort. */
async function waitForLease(
  { pool, clock }: Shared,
  { request, attempt, record }: Wanted,
): Promise<Lease<UndiciConnection>> {
  const { signal, limits, avoidConnections: avoid } = attempt;
  const { connectMs, totalMs } = limits;
  const onConnecting = () => record.enter('connect');
  const waiting = pool.wait(request.url, { connectMs, avoid, onConnecting });
  const onAbort = () => waiting.leave('aborted', 'the caller aborted', signal.reason);
  signal.addEventListener('abort', onAbort);
  const cancelTotal = clock.after(totalMs, () => waiting.leave('timeout', `not done within ${totalMs} ms`));
  try {
    return await waiting.lease;
  } catch (error) {
    throw notAcquired(error, record);
  } finally {
    signal.removeEventListener('abort', onAbort);
    cancelTotal();
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

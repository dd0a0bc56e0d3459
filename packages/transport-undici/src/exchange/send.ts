import {
  AcquireFailure,
  type Attempt,
  type Clock,
  type ConnectionPool,
  type Deadlines,
  headerFault,
  type Lease,
  TransportError,
  type TransportRequest,
  type TransportResponse,
} from '@ferry/core';
import type { UndiciConnection } from '../connection/undici-connection.ts';
import { DispatchHandler } from './dispatch-handler.ts';
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
  const { pool, clock, deadlines } = shared;
  const record = new ExchangeRecord(clock);
  const onLease = (lease: Lease<UndiciConnection>): Promise<TransportResponse> => {
    const handler = new DispatchHandler({ request, attempt, lease, record, clock, deadlines });
    handler.start();
    return handler.response;
  };
  try {
    refuseAtOnce(pool, request, attempt.signal, record);
    const { limits, avoidConnections: avoid } = attempt;
    const lease = pool.take(request.url, { connectMs: limits.connectMs, avoid });
    return lease === undefined
      ? waitForLease(shared, { request, attempt, record }).then(onLease)
      : onLease(lease);
  } catch (error) {
    return Promise.reject(TransportError.is(error) ? error : notAcquired(error, record));
  }
}

function refuseAtOnce(
  pool: ConnectionPool<UndiciConnection>,
  request: TransportRequest,
  signal: AbortSignal,
  record: ExchangeRecord,
): void {
  const refuse = (
    kind: 'closed' | 'aborted' | 'invalid-request' | 'http1-required',
    message: string,
    cause?: unknown,
  ) =>
    new TransportError(message, {
      kind,
      phase: 'acquire',
      delivery: 'not-sent',
      exchange: record.snapshot(),
      cause,
    });
  if (pool.closing) throw refuse('closed', 'the transport is closed');
  if (signal.aborted) throw refuse('aborted', 'the caller aborted before the request began', signal.reason);
  const fault = headerFault(request.headers);
  if (fault !== undefined) throw refuse('invalid-request', fault);
  if (request.url.protocol !== 'https:') {
    throw refuse('http1-required', 'HTTP/2 needs TLS here: a cleartext origin is reached over HTTP/1.1');
  }
}

interface Want {
  readonly request: TransportRequest;
  readonly attempt: Attempt;
  readonly record: ExchangeRecord;
}

/** Waits for a connection: no longer than the limits allow, and not after an abort. */
async function waitForLease(
  { pool, clock }: Shared,
  { request, attempt, record }: Want,
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

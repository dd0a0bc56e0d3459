/** Tells the stream of one logical upload or edit: its attempts as they come, and how it ended. */
import { type AttemptRecord, type RequestEvent, RequestFailure } from '@ferry/core';
import { GatewayError } from '../errors/gateway-error.ts';
import { errorTypeOf } from './error-type.ts';
import type { Telemetry } from './telemetry.ts';
import type {
  AttemptConnection,
  AttemptEnded,
  AttemptFailure,
  CallEnded,
  CallIdentity,
  ConnectionUse,
  ImagesInside,
} from './telemetry-event.ts';

export interface CallFacts extends CallIdentity {
  readonly filename?: string;
  readonly model?: string;
  readonly images?: ImagesInside;
  readonly use: ConnectionUse;
  /** What is to be sent, as far as it is there; asked at the start and at the end. */
  readonly payload: Payload;
  /** Aborts when the call is to stop; its reason tells whether our own deadline was it. */
  readonly signal: AbortSignal;
}

/** What a call sends. */
export interface Payload {
  /** Undefined while it still comes in. */
  readonly byteLength: number | undefined;
  /** Bytes that are there. */
  readonly storedBytes: number;
  /** Resolves when all of it is there; rejects when it never will be. */
  whole(): Promise<unknown>;
}

/** A payload that is there from the start. */
export const wholePayload = (bytes: number): Payload => ({
  byteLength: bytes,
  storedBytes: bytes,
  whole: () => Promise.resolve(),
});

/**
 * Runs a call and tells of it. `run` gets what the client's `onEvent` is to be given; the call's own result or error comes
 * back untouched.
 */
export async function observeCall<T>(
  telemetry: Telemetry,
  facts: CallFacts,
  run: (onEvent: (event: RequestEvent) => void) => Promise<T>,
): Promise<T> {
  const { clock } = telemetry;
  const { callId, operation, requestId, provider, origin, payload, signal } = facts;
  const identity: CallIdentity = { callId, operation, requestId, provider, origin };
  const startedAt = clock.now();
  const { byteLength } = payload;
  let wholeAt: number | undefined = byteLength === undefined ? undefined : startedAt;
  if (wholeAt === undefined) {
    payload.whole().then(
      () => {
        wholeAt = clock.now();
      },
      () => undefined,
    );
  }
  let attempts = 0;
  telemetry.publish({
    type: 'call-started',
    ...identity,
    use: facts.use,
    ...(facts.filename !== undefined && { filename: facts.filename }),
    ...(facts.model !== undefined && { model: facts.model }),
    ...(facts.images !== undefined && { images: facts.images }),
    ...(byteLength !== undefined && { bytes: byteLength }),
  });
  const end = (ended: Pick<CallEnded, 'outcome' | 'failure'>): void => {
    const now = clock.now();
    telemetry.publish({
      type: 'call-ended',
      ...identity,
      ...ended,
      attempts,
      bytes: payload.byteLength ?? payload.storedBytes,
      durationMs: now - startedAt,
      upstreamMs: now - (wholeAt ?? startedAt),
    });
  };
  const onEvent = (event: RequestEvent): void => {
    switch (event.type) {
      case 'attempt-started':
        attempts = event.attempt;
        telemetry.publish({ type: 'attempt-started', ...identity, attempt: event.attempt });
        break;
      case 'bytes-sent': {
        const { attempt, bytesSent, byteLength: bytesTotal } = event;
        telemetry.publish({
          type: 'bytes-sent',
          ...identity,
          attempt,
          bytesSent,
          ...(bytesTotal !== undefined && { bytesTotal }),
        });
        break;
      }
      case 'attempt-ended':
        telemetry.publish({ ...identity, ...attemptEnded(event.record) });
        break;
      case 'retry': {
        const { retry, maxRetries, waitMs, status, reason } = event;
        telemetry.publish({ type: 'retry-planned', ...identity, retry, maxRetries, waitMs, status, reason });
        break;
      }
      case 'credential-wait':
        // Told with the attempt that follows: its delay.
        break;
      default:
        event satisfies never;
    }
  };
  try {
    const result = await run(onEvent);
    end({ outcome: 'ok' });
    return result;
  } catch (error) {
    end(endOf(error, signal, payload));
    throw error;
  }
}

function attemptEnded(record: AttemptRecord): Omit<AttemptEnded, 'at' | keyof CallIdentity> {
  const { attempt, startedAt, durationMs, delayMs, status, exchange, credential } = record;
  const connection = connectionOf(record);
  const failure = failureOf(record);
  return {
    type: 'attempt-ended',
    attempt,
    startedAt,
    durationMs,
    delayMs,
    errorType: errorTypeOf(record),
    phaseMs: exchange.phaseMs,
    bytesSent: exchange.bytesSent,
    bytesReceived: exchange.bytesReceived,
    ...(status !== undefined && { status }),
    ...(failure !== undefined && { failure }),
    ...(connection !== undefined && { connection }),
    ...(credential !== undefined && { credential }),
  };
}

function connectionOf({ exchange }: AttemptRecord): AttemptConnection | undefined {
  const { connectionId, protocol, connectionOrigin, connectionReused } = exchange;
  if (connectionId === undefined) return undefined;
  return {
    id: connectionId,
    reuse: connectionOrigin ?? (connectionReused ? 'reused' : 'fresh'),
    ...(protocol !== undefined && { protocol }),
  };
}

function failureOf({ error }: AttemptRecord): AttemptFailure | undefined {
  if (error === undefined) return undefined;
  const { kind, phase, delivery, h2Code, message } = error;
  return { kind, phase, delivery, message, ...(h2Code !== undefined && { h2Code }) };
}

/** Only what an upstream, or our own deadline, did to a payload that was there counts as failed. */
function endOf(
  error: unknown,
  signal: AbortSignal,
  payload: Payload,
): Pick<CallEnded, 'outcome' | 'failure'> {
  if (!RequestFailure.is(error)) {
    return { outcome: 'aborted', failure: { code: 'input', message: messageOf(error) } };
  }
  const failure = { code: error.code, message: error.message };
  if (payload.byteLength === undefined) return { outcome: 'aborted', failure };
  switch (error.code) {
    case 'body_source':
    case 'invalid_request':
      return { outcome: 'aborted', failure };
    case 'aborted':
      return isOurDeadline(signal)
        ? { outcome: 'failed', failure: { ...failure, code: 'deadline_exceeded' } }
        : { outcome: 'aborted', failure };
    case 'upstream_status':
    case 'upstream_transport':
    case 'upstream_unknown_outcome':
    case 'upstream_bad_answer':
    case 'deadline_exceeded':
    case 'body_not_replayable':
    case 'overloaded':
    case 'credentials_resting':
      return { outcome: 'failed', failure };
    default:
      return error.code satisfies never;
  }
}

const isOurDeadline = ({ reason }: AbortSignal): boolean =>
  reason instanceof GatewayError && reason.fields.code === 'deadline_exceeded';

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

import type { AnswerFlow, AttemptContext, AttemptResult } from '../retry/attempt.ts';
import type { AttemptOutcome } from '../retry/outcome.ts';
import { retryAfterMs } from '../retry/retry-after.ts';
import type { Clock } from '../time/clock.ts';
import type { AttemptLimits, Exchange, Transport, TransportResponse } from '../transport/transport.ts';
import { NO_EXCHANGE, TransportError } from '../transport/transport-error.ts';
import { BytesSent } from './bytes-sent.ts';
import { excerptOf } from './excerpt.ts';
import { openAnswer } from './open-answer.ts';
import { asTransportError, readStart, readWhole } from './read-body.ts';
import { detached, type Redact, redactBytes, redactHeaders, redactor } from './redact.ts';
import type { AttemptRecord, LogicalRequest } from './request.ts';

const DEFAULT_MAX_RESPONSE_BYTES = 64 * 1024 * 1024;
const NO_BYTES = new Uint8Array();

export interface AttemptMeans {
  readonly transport: Transport;
  readonly limits: AttemptLimits;
  readonly clock: Clock;
  /** Whether a long answer below 300 is handed over while it arrives, instead of being read whole. */
  readonly streaming?: boolean;
}

interface Ending {
  readonly outcome: AttemptOutcome;
  readonly exchange: Exchange;
  readonly headers?: Readonly<Record<string, string>>;
  readonly bytes?: Uint8Array;
  readonly excerpt?: string;
  readonly flow?: AnswerFlow;
  /** Why the answer is not whole, when its status decides all the same. */
  readonly error?: TransportError;
}

/** Sends the request once and reads the answer whole, so that a truncated answer is a failed attempt. Never rejects. */
export async function runAttempt(
  request: LogicalRequest,
  context: AttemptContext,
  { transport, limits, clock, streaming = false }: AttemptMeans,
): Promise<AttemptResult> {
  const redact = redactor(context.credential?.secret);
  const startedAt = clock.wallNow();
  const from = clock.now();
  const progress = new BytesSent(request, context.attempt, clock);
  let ending: Ending;
  try {
    const response = await transport.send(wireRequest(request, context), {
      signal: context.signal,
      limits,
      avoidConnections: context.avoidConnections,
      onBytesSent: (bytesSent) => progress.update(bytesSent),
    });
    ending = await readAnswer(response, { request, redact, clock, streaming });
  } catch (thrown) {
    ending = failed(thrown, NO_EXCHANGE, redact);
  }
  progress.flush();
  return {
    outcome: ending.outcome,
    record: recordOf(ending, context, startedAt, clock.now() - from),
    headers: ending.headers ?? {},
    bytes: ending.bytes ?? NO_BYTES,
    excerpt: ending.excerpt,
    ...(ending.flow !== undefined && { flow: ending.flow }),
  };
}

function wireRequest(
  request: LogicalRequest,
  { attempt, credential }: AttemptContext,
): Parameters<Transport['send']>[0] {
  const { method, url, headers, body, attemptHeader } = request;
  return {
    method,
    url,
    headers: {
      ...headers,
      ...(credential !== undefined && { authorization: `Bearer ${credential.secret}` }),
      ...(attemptHeader !== undefined && attempt > 1 && { [attemptHeader]: String(attempt - 1) }),
    },
    ...(body === undefined ? {} : { body }),
  };
}

interface Reading {
  readonly request: LogicalRequest;
  readonly redact: Redact;
  readonly clock: Clock;
  readonly streaming: boolean;
}

async function readAnswer(
  response: TransportResponse,
  { request, redact, clock, streaming }: Reading,
): Promise<Ending> {
  const { status } = response;
  const headers = redactHeaders(response.headers, redact);
  if (status >= 300) {
    const start = await readStart(response.body);
    const exchange = await response.done;
    const error =
      start.error === undefined ? undefined : detached(asTransportError(start.error, exchange), redact);
    return {
      outcome: { type: 'answered', status, retryAfterMs: retryAfterMs(headers, clock.wallNow()) },
      exchange,
      headers,
      bytes: redactBytes(start.bytes, redact),
      excerpt: redact(excerptOf(start.bytes)),
      ...(error === undefined ? {} : { error }),
    };
  }
  const maxBytes = request.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES;
  try {
    if (streaming) {
      const opened = await openAnswer(response);
      const exchange = opened.flow === undefined ? await response.done : response.exchange;
      return { outcome: { type: 'answered', status }, exchange, headers, ...opened };
    }
    const bytes = await readWhole(response.body, maxBytes);
    const exchange = await response.done;
    if (bytes === undefined) return { outcome: { type: 'oversized', status, maxBytes }, exchange, headers };
    if (request.needsWholeRequest === true && !exchange.requestComplete) throw premature(exchange);
    const excerpt = redact(excerptOf(bytes));
    return { outcome: { type: 'answered', status }, exchange, headers, bytes, excerpt };
  } catch (thrown) {
    return failed(thrown, response.exchange, redact);
  }
}

function premature(exchange: Exchange): TransportError {
  return new TransportError('the answer came before the whole request had left', {
    kind: 'protocol',
    phase: 'body',
    delivery: 'answered',
    exchange,
  });
}

function failed(thrown: unknown, exchange: Exchange, redact: Redact): Ending {
  const error = detached(asTransportError(thrown, exchange), redact);
  return { outcome: { type: 'failed', error }, exchange: error.exchange, error };
}

function recordOf(
  { outcome, exchange, error }: Ending,
  { attempt, delayMs, credential }: AttemptContext,
  startedAt: number,
  durationMs: number,
): AttemptRecord {
  return {
    attempt,
    startedAt,
    durationMs,
    delayMs,
    phase: error?.phase ?? 'body',
    delivery: outcome.type === 'failed' ? outcome.error.delivery : 'answered',
    exchange,
    ...(outcome.type === 'failed' ? {} : { status: outcome.status }),
    ...(error === undefined ? {} : { error: recordedError(error) }),
    ...(credential === undefined ? {} : { credential: credential.alias }),
  };
}

function recordedError(error: TransportError): NonNullable<AttemptRecord['error']> {
  const { kind, phase, delivery, h2Code, message } = error;
  return { kind, phase, delivery, message, ...(h2Code === undefined ? {} : { h2Code }) };
}

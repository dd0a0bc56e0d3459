/** The engine's log lines. Their messages keep the wording that operators' searches and alerts already look for. */
import type { LogicalRequest } from '../client/request.ts';
import type { Logger } from '../log.ts';
import type { AttemptResult } from './attempt.ts';
import { describeOutcome } from './describe.ts';
import { seconds } from './duration.ts';
import { isHttp2Error } from './http2-error.ts';

export interface RetryLine {
  readonly retry: number;
  readonly maxRetries: number;
  readonly status: number;
  readonly waitMs: number;
  readonly reason: string;
}

/** Logs an attempt that failed: HTTP/2's own failures in their own words, also those that a relay passed on. */
export function logAttempt(logger: Logger, request: LogicalRequest, result: AttemptResult): void {
  const { outcome, record, excerpt } = result;
  const failed = outcome.type === 'failed';
  const http2 = isHttp2Error(failed ? outcome.error : excerpt);
  if (!failed && !http2) return;
  const { exchange, error, credential, attempt, durationMs } = record;
  const fields = {
    ...request.logFields,
    label: request.label,
    attempt,
    durationMs,
    status: record.status,
    kind: error?.kind,
    phase: error?.phase,
    delivery: error?.delivery,
    h2Code: error?.h2Code,
    protocol: exchange.protocol,
    connectionId: exchange.connectionId,
    connectionReused: exchange.connectionReused,
    credential,
  };
  const words = failed ? describeOutcome(outcome) : `${describeOutcome(outcome)}, relaying an HTTP/2 error`;
  logger.warn(fields, `${http2 ? 'HTTP/2' : 'Transport'} error during ${request.label}: ${words}`);
}

export function logRetry(logger: Logger, request: LogicalRequest, line: RetryLine): void {
  logger.warn(
    { ...request.logFields, label: request.label, ...line },
    `Retry ${line.retry}/${line.maxRetries} for status ${line.status}, waiting ${seconds(line.waitMs)}`,
  );
}

export function logRecovery(logger: Logger, request: LogicalRequest, retries: number): void {
  logger.info(
    { ...request.logFields, label: request.label, retries },
    `Retry succeeded after ${retries} attempts`,
  );
}

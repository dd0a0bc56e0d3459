import type { AttemptHistory } from '../retry/classify.ts';
import type { AttemptOutcome } from '../retry/outcome.ts';
import { NO_EXCHANGE, TransportError, type TransportErrorFields } from '../transport/transport-error.ts';

/** Outcomes and histories for the tests of the classifier. */
export const FRESH_START: AttemptHistory = {
  retries: 0,
  failures: [],
  previous: undefined,
  unfoundedResets: false,
  otherCredentials: 'none',
  forbidden: false,
  bodySpent: false,
};

export function failure(fields: Partial<TransportErrorFields>): TransportError {
  const whole = {
    kind: 'reset',
    phase: 'request',
    delivery: 'unknown',
    exchange: NO_EXCHANGE,
    ...fields,
  } as const;
  return new TransportError(whole.kind, whole);
}

export const failed = (fields: Partial<TransportErrorFields>): AttemptOutcome => ({
  type: 'failed',
  error: failure(fields),
});

export const answered = (status: number, retryAfterMs?: number): AttemptOutcome => ({
  type: 'answered',
  status,
  retryAfterMs,
});

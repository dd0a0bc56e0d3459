import { isDrained } from '../transport/connection-end.ts';
import type { TransportError } from '../transport/transport-error.ts';
import { isCertificateError } from './certificate-error.ts';
import { isDoubtfulRefusal, provesNothing } from './failure-traits.ts';
import type { AttemptOutcome } from './outcome.ts';
import type { RetryPolicy } from './retry-policy.ts';
import type { RowName } from './retry-table.ts';

/** What of a policy decides which row an answer belongs to. */
type RowPolicy = Pick<RetryPolicy, 'retryStatusCodes' | 'trustUnavailable'>;

/** Which row of the retry table an outcome belongs to. */
export function rowOf(outcome: AttemptOutcome, policy: RowPolicy): RowName {
  switch (outcome.type) {
    case 'oversized':
      return 'oversized';
    case 'answered':
      return rowOfStatus(outcome.status, outcome.retryAfterMs !== undefined, policy);
    case 'failed':
      return rowOfFailure(outcome.error);
  }
}

function rowOfStatus(
  status: number,
  isTold: boolean,
  { retryStatusCodes, trustUnavailable }: RowPolicy,
): RowName {
  if (status < 300) return 'whole-answer';
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 429) return isTold ? 'rate-limited-until' : 'rate-limited';
  if (status === 503 && isTold) return trustUnavailable ? 'unavailable-until' : 'unavailable-doubtful';
  if (status >= 500) return 'server-error';
  if (status === 408) return 'request-timeout';
  return status === 425 || retryStatusCodes.includes(status) ? 'too-early' : 'final-status';
}

function rowOfFailure(error: TransportError): RowName {
  // Once it is answered the upstream has acted, on what it had of the body.
  if (error.kind === 'body-source') return error.delivery === 'answered' ? 'truncated' : 'body-source';
  if (isCertificateError(error)) return 'untrusted-certificate';
  const underWay = provesNothing(error);
  switch (error.kind) {
    case 'invalid-request':
      return underWay ? rowOfDelivery(error) : 'invalid-request';
    case 'aborted':
      return underWay ? 'aborted-under-way' : 'aborted';
    case 'pool-full':
    case 'closed':
      return underWay ? 'closed-under-way' : 'overloaded';
    default:
      return rowOfDelivery(error);
  }
}

function rowOfDelivery(error: TransportError): RowName {
  switch (error.delivery) {
    case 'answered':
      return 'truncated';
    case 'unknown':
      return error.kind === 'http1-required' ? 'http1-required-whole' : 'unknown';
    case 'not-sent':
      return error.kind === 'http1-required' ? 'http1-required' : 'not-sent';
    case 'refused':
      if (error.kind === 'http1-required') return 'http1-required';
      if (isDrained(error)) return 'drained';
      return isDoubtfulRefusal(error) ? 'refused-whole' : 'refused';
  }
}

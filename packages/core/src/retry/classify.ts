/**
 * What to do after an attempt: the table of the transport contract as code, without effects. The proofs that a request
 * did nothing come from RFC 9113 section 8.7; everything else that got no answer may have been acted upon.
 */
import type { FailureCode, Safety } from '../client/request.ts';
import type { TransportError, TransportErrorKind } from '../transport/transport-error.ts';
import type { Delay } from './backoff.ts';
import { isCertificateError } from './certificate-error.ts';
import {
  asksForCalm,
  blamesTheRequest,
  isDoubtfulRefusal,
  isDrained,
  isOldAndDrained,
  isPolite,
  provesNothing,
} from './failure-traits.ts';
import type { RetryPolicy } from './retry-policy.ts';

/** How one attempt ended. A closed set. */
export type AttemptOutcome =
  /** The upstream's status is known; for a status below 300 the whole answer arrived. */
  | { readonly type: 'answered'; readonly status: number; readonly retryAfterMs?: number | undefined }
  | { readonly type: 'failed'; readonly error: TransportError }
  /** The answer was longer than the caller takes. */
  | { readonly type: 'oversized'; readonly status: number; readonly maxBytes: number };

/** What the request's earlier attempts and its means leave possible. */
export interface AttemptHistory {
  /** Retries made so far. */
  readonly retries: number;
  /** Errors of the earlier attempts that failed, oldest first. */
  readonly failures: readonly TransportError[];
  /** The error of the attempt just before this one, when it failed. */
  readonly previous: TransportError | undefined;
  /** Whether a credential remains that this request has not been refused with. */
  readonly otherCredential: boolean;
  /** Whether the body was opened, now or earlier, and cannot be opened again. */
  readonly bodySpent: boolean;
}

/** A closed set. */
export type Verdict =
  | { readonly type: 'done' }
  | {
      readonly type: 'retry';
      readonly delay: Delay;
      /** Not on the connection of this attempt. */
      readonly elsewhere: boolean;
      /** Not with the credential of this attempt. */
      readonly otherCredential: boolean;
    }
  | {
      readonly type: 'give-up';
      readonly code: FailureCode;
      /** Why no further attempt is made, in words for people; empty when the outcome says it all. */
      readonly reason: string;
    };

/** Decides about a further attempt; never more than `maxRetries` of them. */
export function classify(
  outcome: AttemptOutcome,
  safety: Safety,
  history: AttemptHistory,
  policy: RetryPolicy,
): Verdict {
  const wish = wishFor(outcome, safety, history, policy);
  if (wish.type !== 'retry') return wish;
  if (history.retries >= policy.maxRetries) {
    return giveUp(finalCode(outcome), history.retries === 0 ? '' : 'the retries are used up');
  }
  if (history.bodySpent) {
    return giveUp('body_not_replayable', 'a retry was due, and the body can be sent only once');
  }
  return wish;
}

/** Whether the upstream can have acted on the attempt. Decides whether a caller may resend a billable request. */
export function mayHaveActed(outcome: AttemptOutcome): boolean {
  switch (outcome.type) {
    case 'oversized':
      return true;
    case 'failed':
      // The upstream saw a reset instead of the end of the body: there was nothing whole to act upon.
      if (outcome.error.kind === 'body-source') return false;
      return provesNothing(outcome.error) || isDoubtfulRefusal(outcome.error);
    case 'answered':
      if (outcome.status < 300) return true;
      return outcome.status >= 500 && !saysNothingWasDone(outcome.status, outcome.retryAfterMs);
  }
}

/** The code of a request that ends with this outcome because no retry is left. */
export function finalCode(outcome: AttemptOutcome): FailureCode {
  switch (outcome.type) {
    case 'answered':
      return 'upstream_status';
    case 'failed':
      return 'upstream_transport';
    case 'oversized':
      return 'upstream_bad_answer';
  }
}

/** The verdict as if retries and bodies were without limit. */
function wishFor(
  outcome: AttemptOutcome,
  safety: Safety,
  history: AttemptHistory,
  policy: RetryPolicy,
): Verdict {
  switch (outcome.type) {
    case 'oversized':
      return giveUp('upstream_bad_answer', `the answer is longer than ${outcome.maxBytes} bytes`);
    case 'answered':
      return afterStatus(outcome.status, outcome.retryAfterMs, safety, history, policy);
    case 'failed':
      return afterFailure(outcome.error, safety, history, policy);
  }
}

type StatusRule = 'rotate-credential' | 'rate-limited' | 'unavailable' | 'may-have-acted';

/** 408, 425, 500, 502, 504 and whatever else is configured: `may-have-acted`. */
const STATUS_RULES: ReadonlyMap<number, StatusRule> = new Map([
  [401, 'rotate-credential'],
  [403, 'rotate-credential'],
  [429, 'rate-limited'],
  [503, 'unavailable'],
]);

function afterStatus(
  status: number,
  retryAfterMs: number | undefined,
  safety: Safety,
  history: AttemptHistory,
  policy: RetryPolicy,
): Verdict {
  if (status < 300) return { type: 'done' };
  if (!policy.retryStatusCodes.includes(status)) return giveUp('upstream_status', '');
  const rule = STATUS_RULES.get(status) ?? 'may-have-acted';
  if (rule === 'rotate-credential') {
    if (history.otherCredential) return retry({ type: 'immediate' }, { otherCredential: true });
    return giveUp('upstream_status', 'there is no other credential to try');
  }
  const resendable =
    safety === 'repeatable' ||
    saysNothingWasDone(status, retryAfterMs) ||
    policy.billableRetryStatusCodes.includes(status);
  if (!resendable) return giveUp('upstream_status', 'the upstream may have acted on a billable request');
  if (rule === 'may-have-acted') return retry({ type: 'backoff' });
  if (retryAfterMs !== undefined) return retry({ type: 'retry-after', ms: retryAfterMs });
  return retry({ type: rule === 'rate-limited' ? 'jitter429' : 'backoff' });
}

/**
 * A rate limit, or an upstream that says when to come back, has declined the request. A bare 503 has not: proxies send it
 * when the connection behind them broke in the middle of a request.
 */
function saysNothingWasDone(status: number, retryAfterMs: number | undefined): boolean {
  return status === 429 || (status === 503 && retryAfterMs !== undefined);
}

type KindRule = 'by-delivery' | 'other-protocol-once' | 'caller' | 'overloaded' | 'aborted';

const KIND_RULES: Readonly<Record<TransportErrorKind, KindRule>> = {
  timeout: 'by-delivery',
  dns: 'by-delivery',
  connect: 'by-delivery',
  tls: 'by-delivery',
  reset: 'by-delivery',
  goaway: 'by-delivery',
  'stream-refused': 'by-delivery',
  protocol: 'by-delivery',
  'http1-required': 'other-protocol-once',
  'body-source': 'caller',
  'pool-full': 'overloaded',
  closed: 'overloaded',
  aborted: 'aborted',
};

function afterFailure(
  error: TransportError,
  safety: Safety,
  history: AttemptHistory,
  policy: RetryPolicy,
): Verdict {
  const rule = KIND_RULES[error.kind];
  if (rule === 'caller') return giveUp('body_source', 'the body could not be read');
  if (isCertificateError(error)) return giveUp('upstream_transport', 'the certificate is not trusted');
  if (safety === 'billable' && (provesNothing(error) || isDoubtfulRefusal(error))) {
    // A truncated answer was paid for; only a request that may have got lost can be configured to go again.
    const resend = isDoubtfulRefusal(error)
      ? policy.trustRefusedStream
      : error.delivery === 'unknown' && policy.billableRetryUnknown;
    if (!resend)
      return giveUp('upstream_unknown_outcome', 'the upstream may have acted on a billable request');
  }
  switch (rule) {
    case 'overloaded':
      return giveUp('overloaded', '');
    case 'aborted':
      return giveUp('aborted', '');
    case 'other-protocol-once':
      if (history.failures.some((earlier) => earlier.kind === error.kind)) {
        return giveUp('upstream_transport', 'no transport speaks HTTP/1.1 to it');
      }
      return retry({ type: 'immediate' }, { elsewhere: true });
    case 'by-delivery':
      return byDelivery(error, history);
  }
}

function byDelivery(error: TransportError, history: AttemptHistory): Verdict {
  if (history.previous !== undefined && blamesTheRequest(error, history.previous)) {
    return giveUp('upstream_transport', 'two new connections in a row failed in the same way');
  }
  const delay: Delay = { type: asksForCalm(error) ? 'jitter429' : 'backoff' };
  const isFirst = history.failures.length === 0;
  switch (error.delivery) {
    case 'not-sent':
      return isFirst && isOldAndDrained(error)
        ? retry({ type: 'immediate' }, { elsewhere: true })
        : retry(delay);
    case 'refused':
      return afterRefusal(error, history, delay);
    case 'unknown':
    case 'answered':
      return retry(delay, { elsewhere: true });
  }
}

/**
 * One refusal of a stream is forgiven. Connections that are being drained are forgiven while there are retries: of a thousand
 * uploads through nginx 1.22, reloaded nine times, eight met two of them in a row.
 */
function afterRefusal(error: TransportError, history: AttemptHistory, delay: Delay): Verdict {
  const before = history.failures.filter((earlier) => earlier.delivery === 'refused');
  if (!isDrained(error) && before.length > 0) {
    return giveUp('upstream_transport', 'it was refused on another connection too');
  }
  const otherIsFree = isDrained(error) ? isOldAndDrained(error) : isPolite(error);
  return retry(before.length === 0 && otherIsFree ? { type: 'immediate' } : delay, { elsewhere: true });
}

function retry(
  delay: Delay,
  where: { readonly elsewhere?: boolean; readonly otherCredential?: boolean } = {},
): Verdict {
  return {
    type: 'retry',
    delay,
    elsewhere: where.elsewhere ?? false,
    otherCredential: where.otherCredential ?? false,
  };
}

function giveUp(code: FailureCode, reason: string): Verdict {
  return { type: 'give-up', code, reason };
}

/** What to do after an attempt: the retry table applied to what has happened so far. Pure. */
import type { FailureCode, Safety } from '../client/request.ts';
import { isOldAndDrained, isPolite } from '../transport/connection-end.ts';
import type { Delay } from './backoff.ts';
import { type BlameHistory, blamesTheRequest } from './blame.ts';
import { asksForCalm } from './failure-traits.ts';
import type { AttemptOutcome } from './outcome.ts';
import type { RetryPolicy } from './retry-policy.ts';
import { type Cell, RETRY_TABLE, type RowName } from './retry-table.ts';
import { rowOf } from './row-of.ts';

/** What the request's earlier attempts and its means leave possible. */
export interface AttemptHistory extends BlameHistory {
  /**
   * Other credentials than that of this attempt: one is ready, all that are left rest for a while, or there is none that this
   * request has not been refused with.
   */
  readonly otherCredentials: 'ready' | 'resting' | 'none';
  /** Whether an earlier attempt, with another credential, was answered 403. */
  readonly forbidden: boolean;
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
  const row = rowOf(outcome, policy);
  const wish = wishFor(row, outcome, safety, history, policy);
  if (wish.type !== 'retry') return wish;
  if (history.retries >= policy.maxRetries) {
    return giveUp(RETRY_TABLE[row].code, history.retries === 0 ? '' : 'the retries are used up');
  }
  if (history.bodySpent) {
    return giveUp('body_not_replayable', 'a retry was due, and the body can be sent only once');
  }
  return wish;
}

/** Whether the upstream can have acted on the attempt. Decides whether a caller may resend a billable request. */
export function mayHaveActed(
  outcome: AttemptOutcome,
  { trustUnavailable }: Pick<RetryPolicy, 'trustUnavailable'>,
): boolean {
  return RETRY_TABLE[rowOf(outcome, { retryStatusCodes: [], trustUnavailable })].acted;
}

/** The code of a request that ends with this outcome because no retry is left. */
export function finalCode(outcome: AttemptOutcome): FailureCode {
  return RETRY_TABLE[rowOf(outcome, { retryStatusCodes: [], trustUnavailable: true })].code;
}

/** The verdict as if retries and bodies were without limit. */
function wishFor(
  row: RowName,
  outcome: AttemptOutcome,
  safety: Safety,
  history: AttemptHistory,
  policy: RetryPolicy,
): Verdict {
  const { acted, code, ...cells } = RETRY_TABLE[row];
  const cell = cells[safety];
  if (outcome.type === 'answered' && outcome.status >= 300) {
    if (!policy.retryStatusCodes.includes(outcome.status)) return giveUp(code, '');
  }
  if (cell.ruling === 'give-up' || !isOpen(cell, outcome, policy)) {
    if (safety === 'billable' && acted && outcome.type === 'failed' && code !== 'aborted')
      return giveUp('upstream_unknown_outcome', MAY_HAVE_ACTED);
    return giveUp(code, whyNot(row, outcome, cells.repeatable.ruling !== 'give-up'));
  }
  if (outcome.type === 'failed' && blamesTheRequest(outcome.error, history, safety, policy.maxRetries)) {
    return giveUp('upstream_transport', 'new connections in a row failed in the same way');
  }
  return follow(cell, outcome, history);
}

const MAY_HAVE_ACTED = 'the upstream may have acted on a billable request';

function isOpen({ onlyIf }: Cell, outcome: AttemptOutcome, policy: RetryPolicy): boolean {
  if (onlyIf === undefined) return true;
  const value = policy[onlyIf];
  if (typeof value === 'boolean') return value;
  return outcome.type === 'answered' && value.includes(outcome.status);
}

/** The reason for a cell that gives up; `isForSafety`: the other kind of request would go again. */
function whyNot(row: RowName, outcome: AttemptOutcome, isForSafety: boolean): string {
  if (isForSafety) return MAY_HAVE_ACTED;
  if (outcome.type === 'oversized') return `the answer is longer than ${outcome.maxBytes} bytes`;
  if (row === 'body-source') return 'the body could not be read';
  if (row === 'untrusted-certificate') return 'the certificate is not trusted';
  return '';
}

/** A cell that wants a retry, in the light of the attempts before. */
function follow({ ruling }: Cell, outcome: AttemptOutcome, history: AttemptHistory): Verdict {
  const error = outcome.type === 'failed' ? outcome.error : undefined;
  const pause: Delay = { type: error !== undefined && asksForCalm(error) ? 'jitter429' : 'backoff' };
  const other = history.otherCredentials === 'ready';
  switch (ruling) {
    case 'done':
      return { type: 'done' };
    case 'retry':
      if (error !== undefined && history.failures.length === 0 && isOldAndDrained(error))
        return elsewhere(AT_ONCE);
      return retry(pause);
    case 'retry-elsewhere':
      return elsewhere(pause);
    case 'retry-drained':
      return elsewhere(
        error !== undefined && isOldAndDrained(error) && !wasRefused(history) ? AT_ONCE : pause,
      );
    case 'retry-once-elsewhere':
      if (wasRefused(history))
        return giveUp('upstream_transport', 'it was refused on another connection too');
      return elsewhere(error !== undefined && isPolite(error) ? AT_ONCE : pause);
    case 'other-protocol':
      if (history.failures.some(({ kind }) => kind === 'http1-required'))
        return giveUp('upstream_transport', 'no transport speaks HTTP/1.1 to it');
      return elsewhere(AT_ONCE);
    case 'second-opinion':
      if (history.forbidden) return giveUp('upstream_status', 'a second credential is refused it too');
      return otherCredential(history);
    case 'other-credential':
      return otherCredential(history);
    case 'wait-as-told':
      return other && isRateLimit(outcome)
        ? retry(AT_ONCE, { otherCredential: true })
        : retry(toldDelay(outcome));
    case 'wait-with-jitter':
      return other ? retry(AT_ONCE, { otherCredential: true }) : retry({ type: 'jitter429' });
    case 'give-up':
      return giveUp(finalCode(outcome), '');
  }
}

const AT_ONCE: Delay = { type: 'immediate' };

function otherCredential({ otherCredentials }: AttemptHistory): Verdict {
  return otherCredentials === 'none'
    ? giveUp('upstream_status', 'there is no other credential to try')
    : retry(AT_ONCE, { otherCredential: true });
}

const wasRefused = ({ failures }: AttemptHistory): boolean =>
  failures.some(({ delivery }) => delivery === 'refused');

/** A limit is a key's; an upstream that is away is away for every key. */
const isRateLimit = (outcome: AttemptOutcome): boolean =>
  outcome.type === 'answered' && outcome.status === 429;

function toldDelay(outcome: AttemptOutcome): Delay {
  const ms = outcome.type === 'answered' ? outcome.retryAfterMs : undefined;
  return ms === undefined ? { type: 'backoff' } : { type: 'retry-after', ms };
}

const elsewhere = (delay: Delay): Verdict => retry(delay, { elsewhere: true });

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

import {
  type AttemptRecord,
  type FailureCode,
  type LogicalRequest,
  RequestFailure,
} from '../client/request.ts';
import type { CredentialOutlook } from '../credential/credential.ts';
import type { AttemptResult } from './attempt.ts';
import { describeOutcome } from './describe.ts';
import { seconds } from './duration.ts';
import type { AttemptOutcome } from './outcome.ts';
import type { StopCause } from './stop-signal.ts';

export interface FailureFacts {
  readonly attempts: readonly AttemptRecord[];
  /** Whether the upstream may have acted on any attempt. */
  readonly acted: boolean;
}

/** The failure of a request that ends with the result of its last attempt. */
export function failureOf(
  request: LogicalRequest,
  result: AttemptResult,
  facts: FailureFacts & {
    readonly code: FailureCode;
    readonly reason: string;
    /** When the next credential is ready, if that is what the caller has to wait for. */
    readonly restMs?: number | undefined;
  },
): RequestFailure {
  const { outcome } = result;
  const retries = facts.attempts.length - 1;
  const words = [
    `${request.label} failed: ${describeOutcome(outcome)}`,
    retries > 0 ? ` after ${retries} ${retries === 1 ? 'retry' : 'retries'}` : '',
    facts.reason === '' ? '' : `; ${facts.reason}`,
  ];
  const answered = outcome.type === 'answered';
  return new RequestFailure(words.join(''), {
    code: facts.code,
    status: statusOf(facts.code, outcome),
    attempts: facts.attempts,
    headers: answered ? result.headers : undefined,
    excerpt: answered ? result.excerpt : undefined,
    retryAfterMs: facts.restMs ?? (answered ? outcome.retryAfterMs : undefined),
    body: answered ? result.bytes : undefined,
    outcomeUnknown: isOutcomeUnknown(request, facts),
    cause: outcome.type === 'failed' ? outcome.error : undefined,
  });
}

/** The failure of a request that the caller or the deadline ended; `result` is its last attempt, if any was made. */
export function stoppedFailure(
  request: LogicalRequest,
  result: AttemptResult | undefined,
  facts: FailureFacts & { readonly cause: StopCause },
): RequestFailure {
  const deadline = facts.cause === 'deadline';
  const words = deadline ? `its deadline of ${request.deadlineMs} ms has passed` : 'the caller aborted it';
  return new RequestFailure(`${request.label} failed: ${words}`, {
    code: deadline ? 'deadline_exceeded' : 'aborted',
    status: deadline ? 504 : 499,
    attempts: facts.attempts,
    outcomeUnknown: isOutcomeUnknown(request, facts),
    cause: result?.outcome.type === 'failed' ? result.outcome.error : undefined,
  });
}

/** The failure of a request that has no credential to go on with; `outlook` says when there is one again. */
export function restingFailure(
  request: LogicalRequest,
  outlook: Extract<CredentialOutlook, { type: 'resting' }> | undefined,
  facts: FailureFacts,
): RequestFailure {
  const common = { attempts: facts.attempts, outcomeUnknown: isOutcomeUnknown(request, facts) };
  if (outlook === undefined) {
    const message = `${request.label} failed: there is no credential to send it with`;
    return new RequestFailure(message, { ...common, code: 'overloaded', status: 503 });
  }
  const { cause, restMs } = outlook;
  const words = cause === 'limited' ? 'at the limit of its rate' : 'refused by the upstream';
  return new RequestFailure(
    `${request.label} failed: every credential is ${words}, the next one for ${seconds(restMs)}`,
    {
      ...common,
      code: 'credentials_resting',
      status: cause === 'limited' ? 429 : 503,
      retryAfterMs: restMs,
    },
  );
}

function isOutcomeUnknown(request: LogicalRequest, facts: FailureFacts): boolean {
  return request.safety === 'billable' && facts.acted;
}

/** What a gateway answers with; 499 is nginx's "client closed request". */
function statusOf(code: FailureCode, outcome: AttemptOutcome): number {
  switch (code) {
    case 'upstream_status':
    case 'body_not_replayable':
      return outcome.type === 'answered' ? outcome.status : 502;
    case 'upstream_transport':
    case 'upstream_unknown_outcome':
    case 'upstream_bad_answer':
      return 502;
    case 'overloaded':
    case 'credentials_resting':
      return 503;
    case 'deadline_exceeded':
      return 504;
    case 'invalid_request':
      return 400;
    case 'aborted':
    case 'body_source':
      return 499;
  }
}

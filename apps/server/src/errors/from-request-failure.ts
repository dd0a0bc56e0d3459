/** What a failed upstream request means to our own caller: the error table of the API. */
import type { RequestFailure } from '@ferry/core';
import { attemptView } from '../img2img/attempt-view.ts';
import { GatewayError, type GatewayErrorFields } from './gateway-error.ts';

/** @param upstreamMessage what the upstream said was wrong, when it said so in a known shape. */
export function fromRequestFailure(failure: RequestFailure, upstreamMessage?: string): GatewayError {
  const attempts = failure.attempts.map(attemptView);
  const fail = (message: string, fields: Omit<GatewayErrorFields, 'attempts' | 'cause'>): GatewayError =>
    new GatewayError(message, {
      ...fields,
      attempts,
      // Whatever the status: it may have been done and paid for, so a client that retries by itself must not.
      ...(failure.outcomeUnknown && { shouldRetry: false }),
      cause: failure,
    });

  switch (failure.code) {
    case 'upstream_status':
      return fromStatus(failure, upstreamMessage, fail);
    case 'upstream_transport':
      return fail(`The upstream gave no whole answer: ${failure.message}`, {
        status: 502,
        type: 'upstream_error',
        code: 'upstream_transport',
      });
    case 'upstream_unknown_outcome':
      return fail(
        `The upstream may have acted on the request, so it was not sent again: ${failure.message}`,
        {
          status: 502,
          type: 'upstream_error',
          code: 'upstream_unknown_outcome',
        },
      );
    case 'upstream_bad_answer':
      return fail(`The upstream's answer cannot be understood: ${failure.message}`, {
        status: 502,
        type: 'upstream_error',
        code: 'upstream_bad_answer',
      });
    case 'deadline_exceeded':
      return fail('The request took longer than the gateway allows.', {
        status: 504,
        type: 'server_error',
        code: 'deadline_exceeded',
      });
    case 'aborted':
      return fail('The request was cancelled.', {
        status: 499,
        type: 'invalid_request_error',
        code: 'client_closed_request',
      });
    case 'overloaded':
      return fail('Too many requests wait for the upstream. Try again in a moment.', {
        status: 503,
        type: 'server_error',
        code: 'overloaded',
        retryAfterMs: failure.retryAfterMs ?? 1_000,
      });
    case 'credentials_resting':
      return fromRestingKeys(failure, fail);
    case 'body_not_replayable':
    case 'body_source':
      return fail('The gateway could not read what it was about to send.', {
        status: 500,
        type: 'server_error',
        code: 'internal_error',
      });
    case 'invalid_request':
      return fail('The gateway made a request that cannot be sent.', {
        status: 500,
        type: 'server_error',
        code: 'internal_error',
      });
    default:
      return failure.code satisfies never;
  }
}

type Fail = (message: string, fields: Omit<GatewayErrorFields, 'attempts' | 'cause'>) => GatewayError;

/** Nothing was sent: each of our keys rests. What the caller can do is to come back. */
function fromRestingKeys({ status, retryAfterMs }: RequestFailure, fail: Fail): GatewayError {
  const when = retryAfterMs !== undefined && { retryAfterMs };
  return status === 429
    ? fail("The upstream limits the rate of each of the gateway's keys.", {
        status: 429,
        type: 'rate_limit_error',
        code: 'upstream_rate_limited',
        ...when,
      })
    : fail("The upstream refuses the gateway's credentials. They are tried again in a moment.", {
        status: 503,
        type: 'upstream_error',
        code: 'upstream_auth',
        ...when,
      });
}

/** The upstream's own status, kept where it means something to the caller. */
function fromStatus(failure: RequestFailure, said: string | undefined, fail: Fail): GatewayError {
  const { status, retryAfterMs } = failure;
  const because = said === undefined ? '' : `: ${said}`;
  if (status === 401 || status === 403) {
    // Our key, not the caller's: 401 would make callers doubt their own. What the upstream says may name the key.
    return fail(`The upstream refused the gateway's credentials (${status}).`, {
      status: 502,
      type: 'upstream_error',
      code: 'upstream_auth',
      shouldRetry: false,
    });
  }
  if (status === 429 || status === 503) {
    return fail(`The upstream ${status === 429 ? 'limits the rate' : 'is busy'}${because}`, {
      status,
      type: status === 429 ? 'rate_limit_error' : 'upstream_error',
      code: status === 429 ? 'upstream_rate_limited' : 'upstream_unavailable',
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  }
  if (status === 400 || status === 413 || status === 422) {
    return fail(`The upstream refused the request${because}`, {
      status,
      type: 'invalid_request_error',
      code: status === 413 ? 'upstream_too_large' : 'upstream_rejected',
    });
  }
  return fail(`The upstream answered ${status}${because}`, {
    status: 502,
    type: 'upstream_error',
    code: 'upstream_status',
  });
}

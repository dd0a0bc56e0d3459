/** What is kept of a request that has ended, and which ends are kept at all. */
import { RequestFailure } from '@ferry/core';
import { z } from 'zod';
import { errorBody } from '../errors/error-body.ts';
import { ERROR_TYPES, GatewayError } from '../errors/gateway-error.ts';
import { toGatewayError } from '../errors/to-gateway-error.ts';

export type Outcome =
  /** `body` is undefined when it was too long to keep. */
  | { readonly kind: 'answered'; readonly status: number; readonly body: unknown }
  /** It may have been done and billed; nobody heard. */
  | { readonly kind: 'unknown' };

/** Upstream answers after which it would answer, and perhaps bill, the same again. */
const FINAL: ReadonlySet<string> = new Set(['content_blocked', 'upstream_rejected', 'upstream_too_large']);

/**
 * What to keep of a failure that came after `billing()`. Undefined when the upstream provably did nothing: that may go better next
 * time, so it is forgotten, and the caller's next try runs.
 */
export function outcomeOfFailure(thrown: unknown): Outcome | undefined {
  const error = toGatewayError(thrown);
  const { code, status, shouldRetry } = error.fields;
  if (FINAL.has(code)) return { kind: 'answered', status, body: errorBody(error) };
  // A key that was refused did nothing, although sending the same again would not help.
  const didNothing = code === 'upstream_auth' || (hasFailedUpstream(thrown) && shouldRetry !== false);
  return didNothing ? undefined : { kind: 'unknown' };
}

/** Whether it failed in asking the upstream, and not in what was made of the answer. */
function hasFailedUpstream(thrown: unknown): boolean {
  for (let error = thrown; error instanceof Error; error = error.cause)
    if (RequestFailure.is(error)) return true;
  return false;
}

/** On every answer that an earlier request made. */
export const REPLAYED: Readonly<Record<string, string>> = { 'idempotent-replayed': 'true' };

const failureShape = z.object({
  error: z.object({
    message: z.string(),
    type: z.enum(ERROR_TYPES),
    param: z.string().nullable(),
    code: z.string(),
  }),
});

/**
 * The body of an answer that was kept.
 * @throws GatewayError for a failure that was kept, and for what was not heard or is no longer there. It says that it is a replay.
 */
export function replay(outcome: Outcome): unknown {
  if (outcome.kind === 'unknown') throw unknownOutcome();
  if (outcome.body === undefined) throw resultGone();
  if (outcome.status < 400) return outcome.body;
  const { message, type, param, code } = failureShape.parse(outcome.body).error;
  throw new GatewayError(message, {
    status: outcome.status,
    type,
    code,
    ...(param !== null && { param }),
    headers: REPLAYED,
  });
}

function unknownOutcome(): GatewayError {
  return new GatewayError(
    'This request came before, and the upstream may have acted on it without the gateway hearing how. It is not sent ' +
      'again: it could be paid for twice. To run it anew, send it as a new request.',
    {
      status: 502,
      type: 'upstream_error',
      code: 'upstream_unknown_outcome',
      shouldRetry: false,
      headers: REPLAYED,
    },
  );
}

function resultGone(): GatewayError {
  return new GatewayError(
    'This request was done before, and its answer was too large to keep. To run it anew, send it as a new request.',
    {
      status: 409,
      type: 'invalid_request_error',
      code: 'idempotent_result_gone',
      shouldRetry: false,
      headers: REPLAYED,
    },
  );
}

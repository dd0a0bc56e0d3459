import { RequestFailure } from '@ferry/core';
import { fromRequestFailure } from '../errors/from-request-failure.ts';
import { GatewayError, type GatewayErrorFields } from '../errors/gateway-error.ts';

/**
 * When the request's own time ended, that is the reason, whatever it broke; with what had been tried until then. That an edit may
 * have been paid for stays said: the time may also end between the upstream's failure and our answer.
 */
export function whyItEnded(error: unknown, signal: AbortSignal): unknown {
  if (!signal.aborted || !(signal.reason instanceof GatewayError)) return error;
  const { message, fields } = signal.reason;
  const known = fieldsOf(error);
  if (known === undefined) return signal.reason;
  const { attempts, shouldRetry } = known;
  return new GatewayError(message, {
    ...fields,
    ...(attempts !== undefined && { attempts }),
    ...(shouldRetry !== undefined && { shouldRetry }),
    cause: error,
  });
}

function fieldsOf(error: unknown): GatewayErrorFields | undefined {
  if (error instanceof GatewayError) return error.fields;
  return RequestFailure.is(error) ? fromRequestFailure(error).fields : undefined;
}

import { GatewayError } from '../errors/gateway-error.ts';

/** The bounds of `retry-after`: nobody need ask more than once a second, and no estimate holds for longer than a minute. Milliseconds. */
const SOONEST_MS = 1_000;
const LATEST_MS = 60_000;

/** 503 `overloaded`, with the time after which asking again makes sense. */
export function overloaded(message: string, untilPlaceMs: number): GatewayError {
  return new GatewayError(message, {
    status: 503,
    type: 'server_error',
    code: 'overloaded',
    retryAfterMs: Math.min(LATEST_MS, Math.max(SOONEST_MS, untilPlaceMs)),
  });
}

/** How a connection ended under a request, or before it, as its error tells. */
import type { TransportError } from './transport-error.ts';

/** Refused in the ordinary course of things: a connection that is being drained, a stream too many. */
export function isPolite(error: TransportError): boolean {
  return error.h2Code === undefined || error.h2Code === 'NO_ERROR' || error.h2Code === 'REFUSED_STREAM';
}

/** The connection is being drained: GOAWAY with NO_ERROR. */
export function isDrained(error: TransportError): boolean {
  return error.kind === 'goaway' && isPolite(error);
}

/**
 * Drained, and it was there before the request. A server that reloads drains every connection it has at once, so another one
 * can be tried without a wait; a new connection that is drained was taken in by a server that is going down at this moment.
 */
export function isOldAndDrained(error: TransportError): boolean {
  return isDrained(error) && error.exchange.connectionOrigin !== 'fresh';
}

/**
 * The connection was there before the request, and the upstream closed it before it took the request, as it may at any
 * moment (RFC 9113 section 9.1, RFC 9112 section 9.5). Moving to another connection repeats no work: the upstream did none.
 */
export function isStale(error: TransportError): boolean {
  const { connectionOrigin } = error.exchange;
  if (connectionOrigin === undefined || connectionOrigin === 'fresh') return false;
  if (error.delivery === 'not-sent') return isDrained(error) || error.kind === 'reset';
  return error.delivery === 'refused' && isDrained(error);
}

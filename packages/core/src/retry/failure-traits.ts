/** What the classifier reads out of a transport error. */
import type { TransportError } from '../transport/transport-error.ts';

/** Whether the upstream may have acted: neither did the request stay here, nor did the peer decline it. */
export function provesNothing(error: TransportError): boolean {
  return error.delivery === 'unknown' || error.delivery === 'answered';
}

/** RFC 9113 section 7: the peer says that we generate excessive load. */
export function asksForCalm(error: TransportError): boolean {
  return error.h2Code === 'ENHANCE_YOUR_CALM';
}

/** Refused in the ordinary course of things: a connection that is being drained, a stream too many. */
export function isPolite(error: TransportError): boolean {
  return error.h2Code === undefined || error.h2Code === 'NO_ERROR' || error.h2Code === 'REFUSED_STREAM';
}

/** The connection is being drained: GOAWAY with NO_ERROR. */
export function isDrained(error: TransportError): boolean {
  return error.kind === 'goaway' && isPolite(error);
}

/**
 * A connection that was there before the request is being drained. A server that reloads drains every connection it has at
 * once, used or not, so two such refusals in a row say nothing about the next connection: of a thousand uploads through
 * nginx 1.22, reloaded nine times, eight met them, and one in some ten thousand met an old worker on a new connection next.
 */
export function isOldAndDrained(error: TransportError): boolean {
  return isDrained(error) && error.exchange.connectionOrigin !== 'fresh';
}

/**
 * Whether two failures in a row are the request's own fault: a PROTOCOL_ERROR, or a GOAWAY with an error code, on a
 * connection that carried nothing before is hardly the connection's. Seen twice, the request itself is malformed in the
 * peer's eyes, and the whole budget would not mend it.
 */
export function blamesTheRequest(error: TransportError, previous: TransportError): boolean {
  return isUnprovoked(error) && isUnprovoked(previous) && error.h2Code === previous.h2Code;
}

function isUnprovoked(error: TransportError): boolean {
  if (error.exchange.connectionReused) return false;
  return error.h2Code === 'PROTOCOL_ERROR' || (error.kind === 'goaway' && !isPolite(error));
}

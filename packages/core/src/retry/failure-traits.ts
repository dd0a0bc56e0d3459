/** What the classifier reads out of a transport error. */
import type { TransportError } from '../transport/transport-error.ts';

/** Whether the upstream may have acted: neither did the request stay here, nor did the peer decline it. */
export function provesNothing(error: TransportError): boolean {
  return error.delivery === 'unknown' || error.delivery === 'answered';
}

/**
 * Declined with REFUSED_STREAM after the whole request had left. RFC 9113 section 8.7 calls that a proof, and between two
 * ends it is one. A proxy is not the end: HAProxy 2.6 says REFUSED_STREAM for "the client has no answer yet", also when the
 * origin had done the work and then broke off (`packages/real-peers/src/haproxy.test.ts`). A request of which a part had not
 * left yet cannot have been acted upon by anyone.
 */
export function isDoubtfulRefusal(error: TransportError): boolean {
  return error.kind === 'stream-refused' && error.phase !== 'request';
}

/** Answered before the whole request had left, and no fault of the connection's: the answer is to a part of the request. */
export function isPremature({ kind, delivery, exchange }: TransportError): boolean {
  return kind === 'protocol' && delivery === 'answered' && !exchange.requestComplete;
}

/** RFC 9113 section 7: the peer says that we generate excessive load. */
export function asksForCalm(error: TransportError): boolean {
  return error.h2Code === 'ENHANCE_YOUR_CALM';
}

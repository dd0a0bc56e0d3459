/** Whose fault it is when a peer resets a request on one new connection after the other. Pure. */
import type { Safety } from '../client/request.ts';
import { isPolite } from '../transport/connection-end.ts';
import type { TransportError } from '../transport/transport-error.ts';

export interface BlameHistory {
  /** Retries made so far. */
  readonly retries: number;
  /** Errors of the earlier attempts that failed, oldest first. */
  readonly failures: readonly TransportError[];
  /** The error of the attempt just before this one, when it failed. */
  readonly previous: TransportError | undefined;
  /** Whether the origin was lately seen to take a request that it had reset with PROTOCOL_ERROR on a new connection. */
  readonly unfoundedResets: boolean;
}

/**
 * Whether two failures in a row are the request's own fault: a PROTOCOL_ERROR, or a GOAWAY with an error code, on a
 * connection that carried nothing before is hardly the connection's. Seen twice, the request itself is malformed in the
 * peer's eyes, and the whole budget would not mend it.
 *
 * Unless the peer is known to say that of good requests too, as nginx does of one that has stalled: then an upload is tried a third
 * time, and no more. The last retry is never spent on it.
 */
export function blamesTheRequest(
  error: TransportError,
  history: BlameHistory,
  safety: Safety,
  maxRetries: number,
): boolean {
  const { previous } = history;
  if (previous === undefined || !isUnprovoked(error) || !isUnprovoked(previous)) return false;
  if (error.h2Code !== previous.h2Code) return false;
  return !deservesThirdOpinion(error, history, safety, maxRetries);
}

/** A PROTOCOL_ERROR on a connection that had carried nothing before. */
export function isFirstUseProtocolError(error: TransportError): boolean {
  return !error.exchange.connectionReused && error.h2Code === 'PROTOCOL_ERROR';
}

function isUnprovoked(error: TransportError): boolean {
  if (isFirstUseProtocolError(error)) return true;
  return !error.exchange.connectionReused && error.kind === 'goaway' && !isPolite(error);
}

function deservesThirdOpinion(
  error: TransportError,
  { failures, retries, unfoundedResets }: BlameHistory,
  safety: Safety,
  maxRetries: number,
): boolean {
  return (
    unfoundedResets &&
    safety === 'repeatable' &&
    isFirstUseProtocolError(error) &&
    failures.filter(isFirstUseProtocolError).length === 1 &&
    retries + 1 < maxRetries
  );
}

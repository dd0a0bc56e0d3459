import { isStale } from '../connection-end.ts';
import { TunnelError } from '../proxy/connect-tunnel.ts';
import type { Exchange } from '../transport.ts';
import { TransportError } from '../transport-error.ts';
import type { H2Outcome } from './origin-state.ts';

/**
 * Below this ceiling (window / round trip) a window is slow: HTTP/1.1, whose window TCP grows by itself, outruns it.
 * 64 KiB at 100 ms is 0.6 MB/s, where a 1 MB upload took 2.7 s over HTTP/2 and 0.2 s over HTTP/1.1.
 */
export const SLOW_WINDOW_BYTES_PER_SECOND = 2_000_000;

/** How much of the waits that a window should cause an upload must have spent at least, 0 to 1. */
const FELT_SHARE = 0.5;

/** What a whole exchange over HTTP/2 says about HTTP/2. Pure. */
export function outcomeOfWhole(exchange: Exchange): H2Outcome {
  const { flowControl, bytesSent, phaseMs } = exchange;
  if (flowControl === undefined) return 'within-window';
  const { windowBytes, roundTripMs } = flowControl;
  if (windowBytes >= SLOW_WINDOW_BYTES_PER_SECOND * (roundTripMs / 1000)) return 'worked';
  // A body that fits into the window never waits for it.
  if (bytesSent <= windowBytes) return 'within-window';
  // The waits must have been felt: a peer may enlarge its window by WINDOW_UPDATE, and a busy moment may have lengthened the
  // measured round trip.
  const waitsMs = (bytesSent / windowBytes - 1) * roundTripMs;
  return (phaseMs.request ?? 0) >= waitsMs * FELT_SHARE ? 'slow-window' : 'worked';
}

/** What an exchange that its caller left before its end says. A window that was slow by then was slow. Pure. */
export function outcomeOfLeft(exchange: Exchange): H2Outcome {
  return outcomeOfWhole(exchange) === 'slow-window' ? 'slow-window' : 'says-nothing';
}

/** What a failure over HTTP/2 says about HTTP/2. Pure. */
export function outcomeOfFailure(error: unknown): H2Outcome {
  if (!TransportError.is(error)) return 'says-nothing';
  if (error.kind === 'http1-required') return 'http1-required';
  return outcomeOfLeft(error.exchange) === 'slow-window' ? 'slow-window' : protocolFailure(error);
}

/** Only failures of the protocol itself speak against it; HTTP/1.1 meets the same names, routes and certificates. */
function protocolFailure(error: TransportError): H2Outcome {
  // HTTP/1.1 meets the same proxy.
  if (TunnelError.is(error.cause)) return 'says-nothing';
  // A reload and a keep-alive timeout end connections of both protocols.
  if (isStale(error)) return 'says-nothing';
  switch (error.kind) {
    case 'http1-required':
      return 'http1-required';
    case 'reset':
    case 'goaway':
    case 'protocol':
      return 'failed';
    // A body that does not move is what an HTTP/2 window that is never updated looks like; silence after it is the
    // upstream taking its time.
    case 'timeout':
      return error.phase === 'request' ? 'failed' : 'says-nothing';
    case 'stream-refused':
    case 'aborted':
    case 'dns':
    case 'connect':
    case 'tls':
    case 'body-source':
    case 'invalid-request':
    case 'pool-full':
    case 'closed':
      return 'says-nothing';
  }
}

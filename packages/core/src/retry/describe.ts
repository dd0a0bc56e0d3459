import { TunnelError } from '../transport/proxy/connect-tunnel.ts';
import type { Phase } from '../transport/transport.ts';
import type { TransportError, TransportErrorKind } from '../transport/transport-error.ts';
import { errorChain } from './error-chain.ts';
import { isPremature } from './failure-traits.ts';
import type { AttemptOutcome } from './outcome.ts';

const KIND_WORDS: Readonly<Record<TransportErrorKind, string>> = {
  timeout: 'timed out',
  aborted: 'aborted',
  dns: 'the host name could not be resolved',
  connect: 'the connection could not be opened',
  tls: 'the TLS handshake failed',
  reset: 'the connection or stream was reset',
  goaway: 'the upstream closed the connection (GOAWAY)',
  'stream-refused': 'the upstream refused the stream',
  'http1-required': 'the upstream wants HTTP/1.1',
  protocol: 'the protocol was violated',
  'body-source': 'the body could not be read',
  'invalid-request': 'the request cannot be sent as it is',
  'pool-full': 'too many requests wait for a connection',
  closed: 'the transport is closed',
};

const PHASE_WORDS: Readonly<Record<Phase, string>> = {
  acquire: 'waiting for a connection',
  connect: 'connecting',
  request: 'sending the request',
  headers: 'waiting for the answer',
  body: 'reading the answer',
};

/** An outcome in words for people, made only of our own words: no library's message, no header, no body. */
export function describeOutcome(outcome: AttemptOutcome): string {
  switch (outcome.type) {
    case 'answered':
      return `the upstream answered ${outcome.status}`;
    case 'oversized':
      return `the upstream answered ${outcome.status} with more than ${outcome.maxBytes} bytes`;
    case 'failed':
      return describeError(outcome.error);
  }
}

/**
 * For example `the connection or stream was reset while sending the request (PROTOCOL_ERROR)`. A proxy's refusal is told as
 * such: it is mended somewhere else.
 */
function describeError(error: TransportError): string {
  for (const link of errorChain(error)) if (TunnelError.is(link)) return link.message;
  if (isPremature(error)) return 'the upstream answered before it had the whole request';
  const code = error.h2Code === undefined ? '' : ` (${error.h2Code})`;
  return `${KIND_WORDS[error.kind]} while ${PHASE_WORDS[error.phase]}${code}`;
}

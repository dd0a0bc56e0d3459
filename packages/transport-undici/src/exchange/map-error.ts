import {
  type Delivery,
  type H2ErrorName,
  h2ErrorName,
  type TransportErrorKind,
  type Verdict,
} from '@ferry/core';
import { NO_SETTINGS } from '../connection/no-settings.ts';
import { HTTP_1_1_REQUIRED, REFUSED_STREAM } from './captured-stream.ts';

const PROTOCOL_ERROR = 1;
const CONTENT_LENGTH_MISMATCH = 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH';

/** What is known when an exchange on the wire has failed by itself (not by our limits, abort or body source). */
export interface FailureFacts {
  /** The library's error; undefined when it reported success and was wrong. */
  readonly error: Error | undefined;
  /** The code of the peer's RST_STREAM. */
  readonly peerReset: number | undefined;
  readonly goaway: { readonly code: number; readonly lastStreamId: number } | undefined;
  readonly streamId: number | undefined;
  /** Whether a byte can have left since the request was handed over. */
  readonly sent: boolean;
  /** Whether the whole request, its end included, is with the socket. */
  readonly leftWhole: boolean;
  /** Whether response headers have arrived. */
  readonly answered: boolean;
}

export interface MappedFailure {
  readonly kind: TransportErrorKind;
  readonly delivery: Delivery;
  readonly h2Code?: H2ErrorName | undefined;
  readonly message: string;
  /** What it means for the connection; `refused` is decided by how often it happened. */
  readonly connection: Verdict;
}

/** Says what a failure on the wire means. Pure. The proofs of `refused` are those of RFC 9113 section 8.7. */
export function mapFailure(facts: FailureFacts): MappedFailure {
  const { goaway, peerReset, streamId } = facts;
  const proven: Delivery = facts.answered ? 'answered' : 'refused';
  const otherwise: Delivery = facts.answered ? 'answered' : facts.sent ? 'unknown' : 'not-sent';

  if (goaway !== undefined && facts.sent && (streamId === undefined || streamId > goaway.lastStreamId)) {
    const h2Code = h2ErrorName(goaway.code);
    return {
      kind: goaway.code === HTTP_1_1_REQUIRED ? 'http1-required' : 'goaway',
      delivery: proven,
      h2Code,
      message: `the upstream went away (GOAWAY ${nameOf(goaway.code)}) before it took the request`,
      connection: 'goaway',
    };
  }
  // nghttp2 itself closes a stream with PROTOCOL_ERROR whose body contradicts its content-length: not the peer's code.
  const ownVerdict = peerReset === PROTOCOL_ERROR && codeOf(facts.error) === CONTENT_LENGTH_MISMATCH;
  if (peerReset !== undefined && !ownVerdict) {
    return mapReset(peerReset, { proven, partly: facts.leftWhole ? otherwise : proven, otherwise });
  }
  if (goaway !== undefined) {
    return {
      kind: goaway.code === HTTP_1_1_REQUIRED ? 'http1-required' : 'goaway',
      delivery: otherwise,
      h2Code: h2ErrorName(goaway.code),
      message: `the upstream went away (GOAWAY ${nameOf(goaway.code)}) with the request under way`,
      connection: 'goaway',
    };
  }
  const code = codeOf(facts.error);
  const local = mapLocal(code);
  return { ...local, delivery: otherwise };
}

interface ResetDelivery {
  /** Where the code is a proof. */
  readonly proven: Delivery;
  /** Where it is none, but nobody can have acted upon a request of which a part had not left. */
  readonly partly: Delivery;
  readonly otherwise: Delivery;
}

/** Codes by which Node says that the session had ended before the request could use it. */
const NO_SESSION: ReadonlySet<string | undefined> = new Set([
  'ERR_HTTP2_GOAWAY_SESSION',
  'ERR_HTTP2_INVALID_SESSION',
]);

/** Says what it means that no stream could be opened: mostly that Node does not take the request as it is. Pure. */
export function mapNoStream(error: Error): Omit<MappedFailure, 'delivery'> {
  const code = codeOf(error);
  return NO_SESSION.has(code)
    ? { kind: 'reset', message: `the connection was lost (${code})`, connection: 'socket' }
    : unsendable(code);
}

/** What cannot be sent is no fault of the connection's. */
function unsendable(code: string | undefined): Omit<MappedFailure, 'delivery'> {
  const suffix = code === undefined ? '' : ` (${code})`;
  return {
    kind: 'invalid-request',
    message: `the request cannot be sent as it is${suffix}`,
    connection: 'keep',
  };
}

function mapReset(code: number, { proven, partly, otherwise }: ResetDelivery): MappedFailure {
  const h2Code = h2ErrorName(code);
  switch (code) {
    case REFUSED_STREAM:
      return {
        kind: 'stream-refused',
        delivery: proven,
        h2Code,
        message: 'the upstream refused the stream (REFUSED_STREAM)',
        connection: 'refused',
      };
    case HTTP_1_1_REQUIRED:
      // Not among the proofs of section 8.7: a relay may say it after its origin did the work.
      return {
        kind: 'http1-required',
        delivery: partly,
        h2Code,
        message: 'the upstream wants HTTP/1.1 (HTTP_1_1_REQUIRED)',
        connection: 'stream-error',
      };
    default:
      return {
        kind: 'reset',
        delivery: otherwise,
        h2Code,
        message: `stream reset by the upstream (${nameOf(code)})`,
        connection: 'stream-error',
      };
  }
}

function mapLocal(code: string | undefined): Omit<MappedFailure, 'delivery'> {
  if (code === NO_SETTINGS) {
    return {
      kind: 'timeout',
      message: 'the upstream sent no SETTINGS within connectMs',
      connection: 'silent',
    };
  }
  const suffix = code === undefined ? '' : ` (${code})`;
  if (code === CONTENT_LENGTH_MISMATCH) {
    return {
      kind: 'protocol',
      message: 'the response body contradicts its content-length',
      connection: 'stream-error',
    };
  }
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') {
    return unsendable(code);
  }
  if (code?.startsWith('ERR_SSL_') === true || code?.startsWith('ERR_TLS_') === true) {
    return { kind: 'tls', message: `TLS failed${suffix}`, connection: 'socket' };
  }
  if (code?.startsWith('ERR_HTTP2_') === true) {
    return { kind: 'protocol', message: `the upstream broke HTTP/2${suffix}`, connection: 'stream-error' };
  }
  return { kind: 'reset', message: `the connection was lost${suffix}`, connection: 'socket' };
}

function nameOf(code: number): string {
  return h2ErrorName(code) ?? `code ${code}`;
}

function codeOf(error: Error | undefined): string | undefined {
  return error !== undefined && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

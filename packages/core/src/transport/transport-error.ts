import type { Exchange, Phase } from './transport.ts';

/** What went wrong, in one word. A closed set: switch over it exhaustively. */
export type TransportErrorKind =
  | 'timeout'
  | 'aborted'
  | 'dns'
  | 'connect'
  | 'tls'
  | 'reset'
  | 'goaway'
  | 'stream-refused'
  | 'http1-required'
  | 'protocol'
  | 'body-source'
  /** It cannot be sent as it is, over any connection: a fault of the caller's. */
  | 'invalid-request'
  | 'pool-full'
  | 'closed';

/**
 * Whether the upstream can have acted on the request. RFC 9113 section 8.7 gives the only proofs of `refused`: a stream
 * above GOAWAY's last-stream-id, or RST_STREAM with REFUSED_STREAM.
 */
export type Delivery =
  /** No byte of the request left this process. */
  | 'not-sent'
  /** The peer proved that it did nothing. */
  | 'refused'
  /** No proof either way. */
  | 'unknown'
  /** Response headers arrived: the upstream did act. */
  | 'answered';

/** HTTP/2 error codes by their RFC 9113 section 7 names. */
export const H2_ERROR_NAMES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
] as const;

export type H2ErrorName = (typeof H2_ERROR_NAMES)[number];

/** The RFC name of a numeric HTTP/2 error code; undefined for a code that the RFC does not list. */
export function h2ErrorName(code: number): H2ErrorName | undefined {
  return H2_ERROR_NAMES[code];
}

export interface TransportErrorFields {
  readonly kind: TransportErrorKind;
  readonly phase: Phase;
  readonly delivery: Delivery;
  /** Only when the peer, not our own library, sent the code. */
  readonly h2Code?: H2ErrorName | undefined;
  readonly exchange: Exchange;
  readonly cause?: unknown;
}

const BRAND = Symbol.for('ferry.TransportError');

/** The only error a `Transport` rejects with. Its message never holds a header, a body or a URL's query. */
export class TransportError extends Error {
  override readonly name: string = 'TransportError';
  readonly kind: TransportErrorKind;
  readonly phase: Phase;
  readonly delivery: Delivery;
  readonly h2Code: H2ErrorName | undefined;
  readonly exchange: Exchange;

  constructor(message: string, fields: TransportErrorFields) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause });
    Object.defineProperty(this, BRAND, { value: true });
    this.kind = fields.kind;
    this.phase = fields.phase;
    this.delivery = fields.delivery;
    this.h2Code = fields.h2Code;
    this.exchange = fields.exchange;
  }

  /** Recognises the error by a registered symbol, not `instanceof`, so that two copies of this package agree. */
  static is(value: unknown): value is TransportError {
    return typeof value === 'object' && value !== null && BRAND in value;
  }
}

/** The facts of an exchange that never got a connection. */
export const NO_EXCHANGE: Exchange = Object.freeze({
  connectionReused: false,
  bodyOpened: false,
  bytesSent: 0,
  requestComplete: false,
  bytesReceived: 0,
  phaseMs: Object.freeze({}),
});

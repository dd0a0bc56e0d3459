/** One word for how an attempt ended: the `error_type` label of metrics, `error.type` of OpenTelemetry. */
import { type AttemptRecord, H2_ERROR_NAMES, type TransportErrorKind } from '@ferry/core';

/** Every kind of transport error in the spelling of labels. Typed so that a new kind cannot be forgotten. */
const KINDS = {
  timeout: 'timeout',
  aborted: 'aborted',
  dns: 'dns',
  connect: 'connect',
  tls: 'tls',
  reset: 'reset',
  goaway: 'http2_goaway',
  'stream-refused': 'http2_refused_stream',
  'http1-required': 'http2_http_1_1_required',
  protocol: 'protocol',
  'body-source': 'body_source',
  'invalid-request': 'invalid_request',
  'pool-full': 'pool_full',
  closed: 'closed',
} as const satisfies Record<TransportErrorKind, string>;

/** Statuses that mean something of their own; the others count by their class. */
const STATUSES = [400, 401, 403, 404, 408, 413, 415, 422, 425, 429, 500, 502, 503, 504] as const;

type H2Type = `http2_${Lowercase<(typeof H2_ERROR_NAMES)[number]>}`;

/** A closed set, so that a label's values are bounded whatever an upstream does. */
export type ErrorType =
  | 'none'
  | (typeof KINDS)[TransportErrorKind]
  | 'http2_protocol'
  | H2Type
  | `${(typeof STATUSES)[number]}`
  | '3xx'
  | '4xx'
  | '5xx';

const h2Type = (name: (typeof H2_ERROR_NAMES)[number]): H2Type =>
  `http2_${name.toLowerCase() as Lowercase<typeof name>}`;

/** Every value there is. */
export const ERROR_TYPES: ReadonlySet<ErrorType> = new Set<ErrorType>([
  'none',
  ...Object.values(KINDS),
  'http2_protocol',
  ...H2_ERROR_NAMES.map(h2Type),
  ...STATUSES.map((status): ErrorType => `${status}`),
  '3xx',
  '4xx',
  '5xx',
]);

/** A failure wins over the status: an answer that broke off is not an answer. */
export function errorTypeOf({
  error,
  status,
  exchange,
}: Pick<AttemptRecord, 'error' | 'status' | 'exchange'>): ErrorType {
  if (error !== undefined) {
    if (error.h2Code !== undefined && error.h2Code !== 'NO_ERROR') return h2Type(error.h2Code);
    if (error.kind === 'protocol' && exchange.protocol === 'h2') return 'http2_protocol';
    return KINDS[error.kind];
  }
  return status === undefined ? 'none' : statusType(status);
}

function statusType(status: number): ErrorType {
  if (status < 300) return 'none';
  const known = STATUSES.find((one) => one === status);
  if (known !== undefined) return `${known}`;
  return status < 400 ? '3xx' : status < 500 ? '4xx' : '5xx';
}

/** Whether HTTP/2 itself failed: a stream or connection error, not a refused connection, a timeout or a status. */
export const isHttp2ErrorType = (type: ErrorType): boolean => type.startsWith('http2_');

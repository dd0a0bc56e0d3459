import type { TransportErrorKind } from '@ferry/core';

/** Codes that mean the connection ended under the exchange. */
const RESET_CODES: ReadonlySet<string> = new Set([
  'ECONNABORTED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'EPIPE',
  'ERR_HTTP_CONTENT_LENGTH_MISMATCH',
  'ERR_SOCKET_CLOSED',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_WRITE_AFTER_END',
  // TCP keep-alive, or the kernel's retransmissions, gave up.
  'ETIMEDOUT',
  // The parser met the end of the stream in the middle of a message.
  'HPE_INVALID_EOF_STATE',
]);

export interface MappedError {
  readonly kind: Extract<TransportErrorKind, 'reset' | 'tls' | 'protocol'>;
  /** In words for people; holds no header, body or URL. */
  readonly reason: string;
  /** The library's error, cleared of what must not reach a log. */
  readonly cause: Error;
}

/** Classifies an error that got, Node's http or the socket raised after a connection was there. */
export function mapError(error: unknown): MappedError {
  const cause = safeCause(error);
  const code = codeOf(cause);
  if (code !== undefined && RESET_CODES.has(code)) {
    return { kind: 'reset', reason: `connection ended (${code})`, cause };
  }
  if (code === 'EPROTO' || code?.startsWith('ERR_SSL_') || code?.startsWith('ERR_TLS_')) {
    return { kind: 'tls', reason: `TLS failed (${code})`, cause };
  }
  if (code?.startsWith('HPE_')) return { kind: 'protocol', reason: `not valid HTTP/1.1 (${code})`, cause };
  return { kind: 'protocol', reason: `the exchange failed (${code ?? cause.name})`, cause };
}

/**
 * The innermost error, as a plain copy: got's errors carry the request's options, so its headers and keys, and the parser's
 * carry the peer's bytes (`rawPacket`).
 */
export function safeCause(error: unknown): Error {
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  if (!(inner instanceof Error)) return new Error('something that is not an error was thrown');
  const copy = new Error(messageOf(inner));
  copy.name = inner.name;
  if (inner.stack !== undefined) copy.stack = inner.stack;
  const code = codeOf(inner);
  return code === undefined ? copy : Object.assign(copy, { code });
}

/** Node puts header names, never values, into its messages; `AggregateError` has none of its own. */
function messageOf(error: Error): string {
  const code = codeOf(error);
  return error.message !== '' ? error.message : (code ?? error.name);
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

import { TransportError } from '../transport/transport-error.ts';
import { errorChain, textOf } from './error-chain.ts';

/** Longer texts are looked at only so far: an error page has its message near the start. */
const MAX_TEXT = 8_192;

const HTTP2_TEXTS: readonly RegExp[] = [
  // curl's exit codes for HTTP/2: 16 is the framing layer, 92 a stream that was not closed cleanly.
  /curl: \((?:16|92)\)/i,
  /\bhttp\/?2\b/i,
  /ERR_HTTP2_/,
  /nghttp2/i,
  /\bGOAWAY\b/,
  // RFC 9113 section 7 names that mean nothing else.
  /\b(?:PROTOCOL_ERROR|FLOW_CONTROL_ERROR|SETTINGS_TIMEOUT|FRAME_SIZE_ERROR|REFUSED_STREAM|COMPRESSION_ERROR|ENHANCE_YOUR_CALM|INADEQUATE_SECURITY|HTTP_1_1_REQUIRED)\b/,
  // Names that many interfaces use for something else count only beside the word stream, as Go, OkHttp and curl write them.
  /\bstream\b[^\n]{0,80}\b(?:INTERNAL_ERROR|STREAM_CLOSED|CONNECT_ERROR|CANCEL)\b/i,
];

/**
 * Whether an error, or a text that a relay passed on, is a failure of HTTP/2 itself: a stream or connection error, not
 * a refused connection, a timeout or a status. Looks through causes and aggregates.
 */
export function isHttp2Error(error: unknown): boolean {
  for (const link of errorChain(error)) {
    if (TransportError.is(link) ? isTyped(link) : isText(link)) return true;
  }
  return false;
}

function isTyped(error: TransportError): boolean {
  if (error.h2Code !== undefined) return true;
  switch (error.kind) {
    case 'goaway':
    case 'stream-refused':
    case 'http1-required':
      return true;
    case 'protocol':
      return error.exchange.protocol === 'h2';
    default:
      return false;
  }
}

function isText(link: unknown): boolean {
  const texts = typeof link === 'string' ? [link] : [textOf(link, 'code'), textOf(link, 'message')];
  return texts.some((text) => {
    const start = text?.slice(0, MAX_TEXT);
    return start !== undefined && HTTP2_TEXTS.some((pattern) => pattern.test(start));
  });
}

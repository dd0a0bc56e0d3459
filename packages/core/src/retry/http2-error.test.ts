import { expect, test } from 'vitest';
import { NO_EXCHANGE, TransportError, type TransportErrorFields } from '../transport/transport-error.ts';
import { isHttp2Error } from './http2-error.ts';

function typed(fields: Partial<TransportErrorFields>): TransportError {
  return new TransportError('it failed', {
    kind: 'reset',
    phase: 'request',
    delivery: 'unknown',
    exchange: NO_EXCHANGE,
    ...fields,
  });
}

const overH2 = { ...NO_EXCHANGE, protocol: 'h2' } as const;

test.each([
  ['a stream reset by the peer', typed({ h2Code: 'PROTOCOL_ERROR' })],
  ['a GOAWAY', typed({ kind: 'goaway' })],
  ['a refused stream', typed({ kind: 'stream-refused' })],
  ['a demand for HTTP/1.1', typed({ kind: 'http1-required' })],
  ['malformed frames', typed({ kind: 'protocol', exchange: overH2 })],
  ['an error of node:http2', Object.assign(new Error('Stream closed'), { code: 'ERR_HTTP2_STREAM_ERROR' })],
  ['one inside another', new Error('upload failed', { cause: typed({ h2Code: 'INTERNAL_ERROR' }) })],
  ['one of several', new AggregateError([new Error('normal'), typed({ kind: 'goaway' })])],
  ['an error that is no Error', { message: 'NGHTTP2_REFUSED_STREAM' }],
])('%s is an HTTP/2 error', (_name, error) => {
  expect(isHttp2Error(error)).toBe(true);
});

test.each([
  ['a reset connection', typed({ exchange: overH2 })],
  ['a refused connection', typed({ kind: 'connect', delivery: 'not-sent' })],
  ['a timeout', typed({ kind: 'timeout', exchange: overH2 })],
  ['malformed HTTP/1.1', typed({ kind: 'protocol', exchange: { ...NO_EXCHANGE, protocol: 'http/1.1' } })],
  ['a body that cannot be read', typed({ kind: 'body-source', cause: new Error('no such file') })],
  ['an ordinary error', new Error('normal error')],
  ['nothing', undefined],
  ['null', null],
  ['a number', 92],
])('%s is not an HTTP/2 error', (_name, error) => {
  expect(isHttp2Error(error)).toBe(false);
});

test.each([
  'curl: (92) HTTP/2 stream 0 was not closed cleanly: PROTOCOL_ERROR (err 1)',
  'curl: (16) Error in the HTTP2 framing layer',
  'Failed to perform, curl: (92) stream 1 reset',
  'HTTP/2 stream was not closed cleanly: PROTOCOL_ERROR',
  'PROTOCOL_ERROR',
  'NGHTTP2_INTERNAL_ERROR',
  'Stream closed with error code NGHTTP2_PROTOCOL_ERROR',
  'http2: server sent GOAWAY and closed the connection; LastStreamID=1, ErrCode=NO_ERROR',
  'stream error: stream ID 3; INTERNAL_ERROR; received from peer',
  'okhttp3.internal.http2.StreamResetException: stream was reset: CANCEL',
  'ENHANCE_YOUR_CALM',
])('a relayed text is recognised: %s', (text) => {
  expect(isHttp2Error(text)).toBe(true);
  expect(isHttp2Error(new Error(text))).toBe(true);
});

test.each([
  'normal error',
  '',
  'socket hang up',
  'curl: (28) Operation timed out',
  '{"error":{"code":"INTERNAL_ERROR","message":"please try again"}}',
  'INTERNAL_ERROR',
  'the user pressed CANCEL',
  'HTTP/1.1 502 Bad Gateway',
])('another text is not: %s', (text) => {
  expect(isHttp2Error(text)).toBe(false);
});

test('a chain of causes that is a circle ends', () => {
  const one = new Error('normal error');
  const other = new Error('normal error', { cause: one });
  one.cause = other;
  expect(isHttp2Error(one)).toBe(false);
  other.cause = [one];
  expect(isHttp2Error(one)).toBe(false);
});

test('a chain of causes is followed far, and not for ever', () => {
  let links = 0;
  const endless = (): unknown => ({
    message: 'normal error',
    get cause() {
      links += 1;
      return endless();
    },
  });
  expect(isHttp2Error(endless())).toBe(false);
  expect(links).toBeGreaterThan(3);
  expect(links).toBeLessThan(100);
});

import { describe, expect, it } from 'vitest';
import { type FailureFacts, type MappedFailure, mapFailure, mapNoStream } from './map-error.ts';

const withCode = (code: string) => Object.assign(new Error(code), { code });

const facts = (given: Partial<FailureFacts>): FailureFacts => ({
  error: undefined,
  peerReset: undefined,
  goaway: undefined,
  streamId: 3,
  sent: true,
  answered: false,
  leftWhole: false,
  ...given,
});

const rows: readonly (readonly [string, Partial<FailureFacts>, Partial<MappedFailure>])[] = [
  [
    'a stream above the last stream of GOAWAY was refused',
    { goaway: { code: 0, lastStreamId: 1 } },
    { kind: 'goaway', delivery: 'refused', h2Code: 'NO_ERROR', connection: 'goaway' },
  ],
  [
    'so was one that had no number yet',
    { goaway: { code: 0, lastStreamId: 1 }, streamId: undefined },
    { kind: 'goaway', delivery: 'refused' },
  ],
  [
    'one at the last stream was not',
    { goaway: { code: 2, lastStreamId: 3 } },
    { kind: 'goaway', delivery: 'unknown', h2Code: 'INTERNAL_ERROR' },
  ],
  [
    'a request that met a connection going away was not sent',
    { goaway: { code: 0, lastStreamId: 1 }, streamId: undefined, sent: false },
    { kind: 'goaway', delivery: 'not-sent' },
  ],
  [
    'GOAWAY wins over the code that nghttp2 gives the streams it ends',
    { goaway: { code: 0, lastStreamId: 1 }, peerReset: 7 },
    { kind: 'goaway', connection: 'goaway' },
  ],
  [
    "the peer's REFUSED_STREAM is a proof",
    { peerReset: 7 },
    { kind: 'stream-refused', delivery: 'refused', connection: 'refused' },
  ],
  [
    'after response headers nothing is a proof any more',
    { peerReset: 7, answered: true },
    { kind: 'stream-refused', delivery: 'answered' },
  ],
  [
    'HTTP_1_1_REQUIRED while a part of the request is still here: nobody had it whole',
    { peerReset: 13 },
    { kind: 'http1-required', delivery: 'refused' },
  ],
  [
    'HTTP_1_1_REQUIRED after the whole request is no proof',
    { peerReset: 13, leftWhole: true },
    { kind: 'http1-required', delivery: 'unknown', h2Code: 'HTTP_1_1_REQUIRED' },
  ],
  ['nor is it one after response headers', { peerReset: 13, answered: true }, { delivery: 'answered' }],
  [
    'any other code proves nothing',
    { peerReset: 1 },
    { kind: 'reset', delivery: 'unknown', h2Code: 'PROTOCOL_ERROR', connection: 'stream-error' },
  ],
  ['a code that the RFC does not list has no name', { peerReset: 99 }, { kind: 'reset', h2Code: undefined }],
  [
    "a code on the library's error alone is not the peer's",
    { error: Object.assign(withCode('UND_ERR_SOCKET'), { http2ErrorCode: 2 }) },
    { kind: 'reset', h2Code: undefined, delivery: 'unknown', connection: 'socket' },
  ],
  [
    "nghttp2's verdict on a content-length is not the peer's code",
    { error: withCode('UND_ERR_RES_CONTENT_LENGTH_MISMATCH'), peerReset: 1, answered: true },
    { kind: 'protocol', h2Code: undefined, delivery: 'answered' },
  ],
  ['malformed frames break the protocol', { error: withCode('ERR_HTTP2_ERROR') }, { kind: 'protocol' }],
  ['a bad TLS record', { error: withCode('ERR_SSL_BAD_RECORD_TYPE') }, { kind: 'tls', delivery: 'unknown' }],
  [
    'TCP RST',
    { error: withCode('ECONNRESET') },
    { kind: 'reset', delivery: 'unknown', connection: 'socket' },
  ],
  [
    'a connection lost before a byte was written',
    { error: withCode('ECONNRESET'), sent: false },
    { delivery: 'not-sent' },
  ],
  [
    'what undici does not take says nothing about the connection',
    { error: withCode('UND_ERR_INVALID_ARG'), sent: false, streamId: undefined },
    { kind: 'invalid-request', delivery: 'not-sent', connection: 'keep' },
  ],
  ['no error at all', {}, { kind: 'reset', delivery: 'unknown' }],
];

describe('mapNoStream', () => {
  it('blames the request for what Node does not take', () => {
    expect(mapNoStream(withCode('ERR_HTTP2_INVALID_CONNECTION_HEADERS'))).toMatchObject({
      kind: 'invalid-request',
      connection: 'keep',
    });
  });

  it('blames the connection for a session that has ended', () => {
    expect(mapNoStream(withCode('ERR_HTTP2_INVALID_SESSION'))).toMatchObject({
      kind: 'reset',
      connection: 'socket',
    });
  });
});

describe('mapFailure', () => {
  it.each(rows)('%s', (_, given, expected) => {
    expect({ h2Code: undefined, ...mapFailure(facts(given)) }).toMatchObject(expected);
  });
});

/**
 * How undici tells of each fault: the codes that `map-error.ts` reads. Where the connection ends it puts an `http2ErrorCode` of 2 on the
 * error, which no peer has sent: hence ours come from the stream alone.
 */
import { describe, expect, it } from 'vitest';
import { BareUndici, iterated, run } from './testing/bare-undici.ts';
import { CODE, frame, type RawConnection } from './testing/raw-peer.ts';

const undici = new BareUndici();

async function* slice(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(10);
}

type Strike = (connection: RawConnection, id: number) => void;
const reset =
  (code: number): Strike =>
  (connection, id) =>
    connection.reset(id, code);
const goaway =
  (lastStreamId: number, code: number): Strike =>
  (connection) =>
    connection.goaway(lastStreamId, code);

const FAULTS: readonly (readonly [string, Strike, Record<string, unknown>])[] = [
  ['RST_STREAM PROTOCOL_ERROR', reset(1), { code: 'ERR_HTTP2_STREAM_ERROR', http2ErrorCode: 1 }],
  ['RST_STREAM INTERNAL_ERROR', reset(2), { code: 'ERR_HTTP2_STREAM_ERROR', http2ErrorCode: 2 }],
  ['RST_STREAM ENHANCE_YOUR_CALM', reset(11), { code: 'ERR_HTTP2_STREAM_ERROR', http2ErrorCode: 11 }],
  [
    'RST_STREAM CANCEL, without its code',
    reset(CODE.CANCEL),
    { code: 'UND_ERR_INFO', message: expect.stringContaining('closed before the response was complete') },
  ],
  [
    'RST_STREAM NO_ERROR before an answer, without its code',
    reset(CODE.NO_ERROR),
    { code: 'UND_ERR_INFO', message: expect.stringContaining('half-closed (remote)') },
  ],
  ['GOAWAY NO_ERROR below the stream', goaway(0, 0), { code: 'UND_ERR_INFO' }],
  ['GOAWAY with an error below the stream', goaway(0, 2), { code: 'UND_ERR_SOCKET' }],
  ['GOAWAY with an error at the stream', goaway(1, 11), { code: 'ERR_HTTP2_SESSION_ERROR' }],
  [
    'FIN',
    (connection) => connection.socket.end(),
    { code: 'UND_ERR_SOCKET', message: expect.stringContaining('other side closed'), http2ErrorCode: 2 },
  ],
  ['TCP RST', (connection) => connection.resetTcp(), { code: 'ECONNRESET', http2ErrorCode: 2 }],
  [
    'a malformed frame',
    (connection) => connection.send(frame(0, 0, 0, Buffer.from('DATA on stream 0'))),
    { code: 'ERR_HTTP2_ERROR', http2ErrorCode: 2 },
  ],
];

describe('undici tells of', () => {
  it.each(FAULTS)('%s', async (_, strike, told) => {
    const { client } = await undici.bare((connection) => {
      connection.settings();
      connection.on('whole', (id: number) => strike(connection, id));
    });
    await expect(run(client, iterated(slice()))).rejects.toMatchObject(told);
  });
});

import type { TLSSocket } from 'node:tls';
import {
  CODE,
  FLAG,
  FRAME,
  frame,
  headerBlock,
  SETTING,
  settingsFrame,
  uint32,
} from '@ferry/upstream-sim/peers';
import type { Windows } from './windows.ts';

const PREFACE_BYTES = 24;
const HEAD_BYTES = 9;
/** What a peer may send in one frame while no SETTINGS say otherwise (RFC 9113 section 6.5.2). */
const MAX_FRAME_BYTES = 16_384;
const INITIAL_WINDOW_BYTES = 65_535;

interface Upload {
  bytes: number;
  /** Since the last WINDOW_UPDATE of the stream. */
  unacknowledged: number;
}

/**
 * Serves one HTTP/2 connection as cheaply as JavaScript can: the bodies are counted and dropped, requests are answered at their
 * END_STREAM. Header blocks are skipped, so it answers whatever is asked. What it does not expect of the bench's clients (padding,
 * a frame that is too long) ends the connection with GOAWAY, so that no run passes by mistake.
 * @param answer the text of an answer to so many bytes.
 */
export function countFrames(socket: TLSSocket, windows: Windows, answer: (bytes: number) => string): void {
  const uploads = new Map<number, Upload>();
  const head = Buffer.alloc(HEAD_BYTES);
  let skip = PREFACE_BYTES;
  let headBytes = 0;
  let payloadLeft = 0;
  let connectionUnacknowledged = 0;
  let ping = Buffer.alloc(0);

  socket.write(
    Buffer.concat([
      settingsFrame([
        [SETTING.INITIAL_WINDOW_SIZE, windows.stream],
        [SETTING.MAX_CONCURRENT_STREAMS, 100],
      ]),
      windowUpdate(0, windows.connection - INITIAL_WINDOW_BYTES),
    ]),
  );
  socket.on('data', (chunk: Buffer) => {
    let at = 0;
    if (skip > 0) {
      at = Math.min(skip, chunk.byteLength);
      skip -= at;
    }
    while (at < chunk.byteLength) {
      if (headBytes < HEAD_BYTES) {
        const end = Math.min(chunk.byteLength, at + HEAD_BYTES - headBytes);
        headBytes += chunk.copy(head, headBytes, at, end);
        at = end;
        if (headBytes < HEAD_BYTES) return;
        payloadLeft = head.readUIntBE(0, 3);
        if (!begin()) return;
      }
      const end = Math.min(chunk.byteLength, at + payloadLeft);
      if (head[3] === FRAME.PING) ping = Buffer.concat([ping, chunk.subarray(at, end)]);
      payloadLeft -= end - at;
      at = end;
      if (payloadLeft > 0) return;
      headBytes = 0;
      finish();
    }
  });

  const begin = (): boolean => {
    const padded = head[3] === FRAME.DATA && ((head[4] ?? 0) & FLAG.PADDED) !== 0;
    if (payloadLeft <= MAX_FRAME_BYTES && !padded) return true;
    socket.end(frame(FRAME.GOAWAY, 0, 0, Buffer.concat([uint32(0), uint32(CODE.PROTOCOL_ERROR)])));
    return false;
  };

  const finish = (): void => {
    const [type, flags, streamId] = [head[3], head[4] ?? 0, head.readUInt32BE(5) & 0x7fffffff];
    const length = head.readUIntBE(0, 3);
    if (type === FRAME.HEADERS) {
      uploads.set(streamId, { bytes: 0, unacknowledged: 0 });
    } else if (type === FRAME.DATA) {
      count(streamId, length, (flags & FLAG.END_STREAM) !== 0);
    } else if (type === FRAME.RST_STREAM) {
      uploads.delete(streamId);
    } else if (type === FRAME.SETTINGS && (flags & FLAG.ACK) === 0) {
      socket.write(frame(FRAME.SETTINGS, FLAG.ACK, 0));
    } else if (type === FRAME.PING) {
      if ((flags & FLAG.ACK) === 0) socket.write(frame(FRAME.PING, FLAG.ACK, 0, ping));
      ping = Buffer.alloc(0);
    }
  };

  const count = (streamId: number, length: number, ends: boolean): void => {
    connectionUnacknowledged += length;
    if (connectionUnacknowledged > windows.connection / 2) {
      socket.write(windowUpdate(0, connectionUnacknowledged));
      connectionUnacknowledged = 0;
    }
    const upload = uploads.get(streamId);
    // Reset by the client a moment ago: its bytes count for the connection only.
    if (upload === undefined) return;
    upload.bytes += length;
    upload.unacknowledged += length;
    if (ends) {
      uploads.delete(streamId);
      socket.write(answerFrames(streamId, answer(upload.bytes)));
    } else if (upload.unacknowledged > windows.stream / 2) {
      socket.write(windowUpdate(streamId, upload.unacknowledged));
      upload.unacknowledged = 0;
    }
  };
}

const RESPONSE_HEADERS = headerBlock({ ':status': '200', 'content-type': 'application/json' });

function answerFrames(streamId: number, text: string): Buffer {
  return Buffer.concat([
    frame(FRAME.HEADERS, FLAG.END_HEADERS, streamId, RESPONSE_HEADERS),
    frame(FRAME.DATA, FLAG.END_STREAM, streamId, Buffer.from(text)),
  ]);
}

function windowUpdate(streamId: number, bytes: number): Buffer {
  return frame(FRAME.WINDOW_UPDATE, 0, streamId, uint32(bytes));
}

import type { Answer } from '@ferry/core';
import type { Binary } from './binary.ts';
import { filePart } from './file-part.ts';
import type { RealServer, ServerKind } from './real-server.ts';
import { ATTEMPT_HEADER, type SeenRequest, UPLOAD_HEADER } from './traffic-log.ts';

/** The server of nghttp2, the library that Node and curl speak HTTP/2 with. It sends every upload back. */
export function nghttpdServer(binary: Binary): ServerKind {
  return {
    path: binary.path,
    args: (place) => [
      '--echo-upload',
      '--verbose',
      // Fewer than the transports would like to send at once on a pooled connection.
      '--max-concurrent-streams=2',
      '--address=127.0.0.1',
      `--htdocs=${place.file('.')}`,
      String(place.port),
      place.keyPath,
      place.certPath,
    ],
    // It knows no graceful end; nothing is under way when a test asks for this.
    gracefulSignal: 'SIGTERM',
  };
}

/** The echo must be the upload, byte by byte. */
export function checkEcho(answer: Answer, file: Uint8Array): void {
  if (!Buffer.from(filePart(answer.bytes)).equals(file)) throw new Error('the echo is not the upload');
}

/**
 * Reads the frames in its verbose log. A request counts as processed when headers were sent for it: nghttpd answers an
 * upload once it has all of it.
 */
export async function readNghttpdLog(server: RealServer): Promise<readonly SeenRequest[]> {
  return (await server.readOutputs()).flatMap(readFrames);
}

const FIELD = /\[id=(\d+)\].* recv \(stream_id=(\d+)(?:, sensitive)?\) ([a-z0-9-]+): (.*)$/;
const ANSWER = /\[id=(\d+)\].* send HEADERS frame <.*stream_id=(\d+)>/;

interface Stream {
  upload: string;
  attempt: string;
  processed: boolean;
}

/**
 * Connections and streams are numbered anew by each process. A killed one leaves a line cut off, and a request of which only
 * the first headers were written: that one cannot be told.
 */
function readFrames(output: string): SeenRequest[] {
  const streams = new Map<string, Stream>();
  for (const line of output.split('\n').slice(0, -1)) {
    const [, connection, id, name, value = ''] = FIELD.exec(line) ?? [];
    if (name === UPLOAD_HEADER || name === ATTEMPT_HEADER) {
      const key = `${connection}/${id}`;
      const stream = streams.get(key) ?? { upload: '', attempt: '', processed: false };
      streams.set(key, stream);
      stream[name === UPLOAD_HEADER ? 'upload' : 'attempt'] = value;
    }
    const answer = ANSWER.exec(line);
    const answered = answer === null ? undefined : streams.get(`${answer[1]}/${answer[2]}`);
    if (answered !== undefined) answered.processed = true;
  }
  return [...streams.values()]
    .filter(({ upload, attempt }) => upload !== '' && attempt !== '')
    .map(({ upload, attempt, processed }) => ({ key: `${upload}/${attempt}`, processed }));
}

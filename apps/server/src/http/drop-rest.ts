import type { IncomingMessage } from 'node:http';

/**
 * Reads and drops what a refused request still sends: a client in the middle of sending gets its answer rather than a reset, and its
 * connection can carry the next request. After `maxBytes` the connection is cut.
 */
export function dropRest(raw: IncomingMessage, maxBytes: number): void {
  raw.unpipe();
  let dropped = 0;
  raw.on('data', (chunk: Buffer) => {
    dropped += chunk.byteLength;
    if (dropped > maxBytes) raw.destroy();
  });
  raw.resume();
}

import type { Socket } from 'node:net';

/**
 * Whether the socket has taken everything that was written to it. Node may read an answer before it tells that the request
 * which was answered has left: the callback of a write over TLS waits for the event loop's next check phase, and an answer
 * of a prompt peer is read in the poll phase before it. So one turn of the event loop passes before the socket is asked.
 */
export async function hasTakenAll(socket: Socket): Promise<boolean> {
  if (socket.writableLength === 0) return true;
  await new Promise((resolve) => setImmediate(resolve));
  return socket.writableLength === 0;
}

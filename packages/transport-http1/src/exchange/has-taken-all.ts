import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Whether the socket has taken the whole request. Node may read an answer before it tells that the request which was answered has left:
 * the callback of a write over TLS waits for the event loop's next check phase, and an answer of a prompt peer is read in the poll phase
 * before it. So one turn of the event loop passes before the socket is asked.
 */
export async function hasTakenAll(request: ClientRequest | undefined, socket: Socket): Promise<boolean> {
  const taken = (): boolean => request?.writableEnded === true && socket.writableLength === 0;
  if (taken()) return true;
  await new Promise((resolve) => setImmediate(resolve));
  return taken();
}

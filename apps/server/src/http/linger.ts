import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/** How long a refused client may go on sending before its connection is cut. nginx's `lingering_time`. Milliseconds. */
const LINGER_MS = 30_000;

/** Whether the client is in the middle of sending: a connection closed now is reset, and the answer may be lost with it (RFC 9112 section 9.6). */
export function isStillSending(raw: IncomingMessage): boolean {
  return !isOver(raw) && raw.headers.expect === undefined;
}

/** Whether no more of it will come. */
export function isOver(raw: IncomingMessage): boolean {
  return raw.complete || raw.readableEnded || raw.destroyed;
}

/**
 * An answer to a request that is still being sent: the whole answer at once, and its end when the request has ended, so that Node closes
 * the connection only then. Somebody must read, or drop, the request.
 */
export function lingering(raw: IncomingMessage, body: Uint8Array): Readable {
  return Readable.from(
    (async function* () {
      yield body;
      await requestOver(raw);
    })(),
    { objectMode: false },
  );
}

/** Resolves when the request is whole, its client has gone, or its time is over. */
function requestOver(raw: IncomingMessage): Promise<void> {
  if (!isStillSending(raw)) return Promise.resolve();
  return new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(late);
      for (const event of ENDS) raw.removeListener(event, over);
      resolve();
    };
    const late = setTimeout(over, LINGER_MS).unref();
    for (const event of ENDS) raw.once(event, over);
  });
}

const ENDS = ['end', 'error', 'close'] as const;

import type { ClientHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';

/**
 * The HTTP/2 session that undici has put on a socket. undici shows it nowhere; it keeps it under a symbol of its own on
 * the socket, from the moment of connecting, and every other way shows it only with the first request, which is too late
 * to wait for SETTINGS or to prove a spare. `undici-facts.test.ts` pins this.
 */
export function sessionOf(socket: Socket): ClientHttp2Session | undefined {
  for (const symbol of Object.getOwnPropertySymbols(socket)) {
    const value: unknown = Reflect.get(socket, symbol);
    if (isClientSession(value)) return value;
  }
  return undefined;
}

function isClientSession(value: unknown): value is ClientHttp2Session {
  return (
    typeof value === 'object' &&
    value !== null &&
    'ping' in value &&
    typeof value.ping === 'function' &&
    'request' in value &&
    typeof value.request === 'function'
  );
}

/** Sends a PING (RFC 9113 section 6.7); resolves with the round trip in milliseconds. No deadline: that is the pool's. */
export function ping(session: ClientHttp2Session): Promise<number> {
  return new Promise((resolve, reject) => {
    try {
      const sent = session.ping((error, roundTripMs) => (error ? reject(error) : resolve(roundTripMs)));
      // Node allows ten PINGs under way; `false` says that this one was not sent.
      if (!sent) reject(new Error('the PING could not be sent'));
    } catch (error) {
      reject(error);
    }
  });
}

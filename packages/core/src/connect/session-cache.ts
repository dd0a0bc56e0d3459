import type { TLSSocket } from 'node:tls';

/** Origins whose sessions are kept; the oldest goes first. */
const MAX_SESSIONS = 256;

/**
 * The latest TLS session of each origin, held strongly: libraries that hold them weakly resumed 1 of 30 connections after a
 * garbage collection, a strong cache 29 of 30. Resumption saves the peer and us the certificate's work, not a round trip.
 */
export class SessionCache {
  readonly #sessions = new Map<string, Buffer>();

  get(origin: string): Buffer | undefined {
    return this.#sessions.get(origin);
  }

  /**
   * Keeps the sessions that the peer issues on this socket, once its certificate has been accepted. Under TLS 1.2 the
   * ticket comes before that, and Node does not check the name again on a resumed session.
   */
  learn(origin: string, socket: TLSSocket): void {
    let accepted = false;
    let early: Buffer | undefined;
    socket.on('session', (session: Buffer) => {
      if (accepted) this.#keep(origin, session);
      else early = session;
    });
    socket.once('secureConnect', () => {
      accepted = true;
      if (early) this.#keep(origin, early);
    });
  }

  /** After a failed handshake the session may be why. */
  forget(origin: string): void {
    this.#sessions.delete(origin);
  }

  #keep(origin: string, session: Buffer): void {
    this.#sessions.delete(origin);
    this.#sessions.set(origin, session);
    for (const oldest of this.#sessions.keys()) {
      if (this.#sessions.size <= MAX_SESSIONS) break;
      this.#sessions.delete(oldest);
    }
  }
}

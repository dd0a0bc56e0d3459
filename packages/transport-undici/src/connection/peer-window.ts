import type { ClientHttp2Session } from 'node:http2';

/** How large the windows of a connection and of its streams are until the peer says otherwise (RFC 9113 section 6.9.2). */
const FIRST_WINDOW = 65_535;

/**
 * How much a peer lets be under way at once: on a stream, which its SETTINGS say, and on the whole connection, which nobody says. A
 * peer enlarges that with WINDOW_UPDATE, mostly right behind its SETTINGS; later ones give back what was used. So it is measured once
 * the SETTINGS and what came with them are read: what is left, and what may have been used by then. A window that is found larger
 * later is believed, one that is found smaller is only in use.
 */
export class PeerWindow {
  readonly #session: ClientHttp2Session;
  readonly #written: () => number;
  readonly #writtenBefore: number;
  #connectionBytes: number | undefined;

  /** @param written bytes that the session has put on its socket: DATA can be no more. */
  constructor(session: ClientHttp2Session, written: () => number) {
    this.#session = session;
    this.#written = written;
    this.#writtenBefore = written();
  }

  /** The peer's SETTINGS have come. */
  onSettings(): void {
    if (this.#connectionBytes !== undefined) return;
    this.#connectionBytes = FIRST_WINDOW;
    // Frames of the same read are behind the one of this event.
    setImmediate(() => {
      const left = this.#left;
      if (left !== undefined) this.#connectionBytes = left + this.#written() - this.#writtenBefore;
    });
  }

  /** The smaller of the two, in bytes, with a stream's as given: at most, since framing may count as used. */
  smallest(streamBytes: number): number {
    if (this.#connectionBytes === undefined || this.#connectionBytes >= streamBytes) return streamBytes;
    this.#connectionBytes = Math.max(this.#connectionBytes, this.#left ?? 0);
    return Math.min(this.#connectionBytes, streamBytes);
  }

  get #left(): number | undefined {
    return this.#session.destroyed ? undefined : this.#session.state.remoteWindowSize;
  }
}

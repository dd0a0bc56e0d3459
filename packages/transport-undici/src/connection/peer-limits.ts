/**
 * Streams that a connection may carry before its peer's SETTINGS have come. RFC 9113 section 3.4 sets no bound and Go assumes
 * 100, but undici sends one request and queues the others (client-h2.js, `busy`): those are better placed by us, and a peer
 * that allows fewer than a first burst has nothing to refuse.
 */
const BEFORE_SETTINGS = 1;

/** Origins remembered as allowing no stream. */
const MAX_ORIGINS = 256;

/** The stream limit of one origin's peer. */
export interface StreamLimit {
  /** Counts until a connection's own SETTINGS have come. */
  readonly assumed: number;
  /** The peer has told its limit. */
  learn(peerMaxStreams: number): void;
}

/**
 * What origins have told of their stream limits, for longer than a connection lives: a peer that allowed no stream a moment ago
 * has refused the request that did not wait for its SETTINGS, and would refuse the retry on a new connection.
 */
export class PeerLimits {
  readonly #closed = new Set<string>();

  of(origin: string): StreamLimit {
    const closed = this.#closed;
    return {
      get assumed() {
        return closed.has(origin) ? 0 : BEFORE_SETTINGS;
      },
      learn(peerMaxStreams) {
        closed.delete(origin);
        if (peerMaxStreams > 0) return;
        closed.add(origin);
        const oldest = closed.keys().next();
        if (closed.size > MAX_ORIGINS && oldest.done !== true) closed.delete(oldest.value);
      },
    };
  }
}

import { FAR_BYTES } from './piece-size.ts';

/** What a connection tells of the bytes that requests have put on it. */
export interface SharedBytes {
  readonly riderCount: number;
  /** Bytes that have left for requests, whosever they were. */
  readonly requestBytesWritten: number;
  /** Changes whenever others may have written too: a request came or went, or we sent a PING. */
  readonly sharing: number;
}

/** How far a body is, in bytes: what was handed over, and what of that flow control and the socket have taken. */
export interface BodyProgress {
  readonly handed: number;
  readonly taken: number;
}

/**
 * What left on a connection for one exchange, in bytes: finer than the pieces of its body. Alone there, all that leaves is its own, and
 * what finished siblings wrote meanwhile is not, or short requests beside it would hide that it stands still.
 * Beside others nobody tells whose it was. But pieces leave about in the order in which the connection got them: before the one that this
 * body has in hand, each of the others sends one, of `FAR_BYTES` at most. So much counts, and no more: what leaves beyond it passes
 * by a piece that flow control holds back.
 */
export class OwnBytes {
  readonly #connection: SharedBytes;
  #sharing: number;
  #seen: number;
  #moved = 0;
  /** How many bytes of the body had been handed over with its latest piece, and what has counted for that one beside others. */
  #handed = 0;
  #counted = 0;

  constructor(connection: SharedBytes) {
    this.#connection = connection;
    this.#sharing = connection.sharing;
    this.#seen = connection.requestBytesWritten;
  }

  /** Looks. Grows only when something of this exchange has left since the look before, as far as can be told. */
  look(body: BodyProgress): number {
    const { sharing, riderCount, requestBytesWritten } = this.#connection;
    if (sharing !== this.#sharing) {
      this.#sharing = sharing;
      this.#seen = requestBytesWritten;
    } else if (requestBytesWritten > this.#seen) {
      const left = requestBytesWritten - this.#seen;
      this.#moved += riderCount === 1 ? left : this.#share(left, riderCount, body);
      this.#seen = requestBytesWritten;
    }
    return this.#moved;
  }

  #share(left: number, riderCount: number, { handed, taken }: BodyProgress): number {
    if (taken === handed) return 0;
    if (handed !== this.#handed) {
      this.#handed = handed;
      this.#counted = 0;
    }
    const share = Math.max(0, Math.min(left, riderCount * FAR_BYTES - this.#counted));
    this.#counted += share;
    return share;
  }
}

/** What a connection tells of the bytes that requests have put on it. */
export interface SharedBytes {
  readonly riderCount: number;
  /** Bytes that have left for requests, whosever they were. */
  readonly requestBytesWritten: number;
  /** Changes whenever others may have written too: a request came or went, or we sent a PING. */
  readonly sharing: number;
}

/**
 * What left on a connection while one exchange was alone there, in bytes: finer than the pieces of its body. What finished
 * siblings wrote meanwhile is not its own, or short requests beside it would hide that it stands still.
 */
export class OwnBytes {
  readonly #connection: SharedBytes;
  #sharing: number;
  #seen: number;
  #moved = 0;

  constructor(connection: SharedBytes) {
    this.#connection = connection;
    this.#sharing = connection.sharing;
    this.#seen = connection.requestBytesWritten;
  }

  /** Looks. Grows only when something of this exchange, and of no other, has left since the look before. */
  look(): number {
    const { sharing, riderCount, requestBytesWritten } = this.#connection;
    if (sharing !== this.#sharing || riderCount > 1) {
      this.#sharing = sharing;
      this.#seen = requestBytesWritten;
    } else if (requestBytesWritten > this.#seen) {
      this.#moved += requestBytesWritten - this.#seen;
      this.#seen = requestBytesWritten;
    }
    return this.#moved;
  }
}

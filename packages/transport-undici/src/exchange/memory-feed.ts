/** Flow control and the socket have the piece, or `error` kept them from it. */
export type Taken = (error?: Error | null) => void;

/** Where the pieces of a body go. */
export interface PieceSink {
  /** Nothing has ended or reset it. */
  readonly writable: boolean;
  write(piece: Uint8Array, onTaken: Taken): void;
  /** The last piece, with the end of the body on it. */
  end(piece: Uint8Array): void;
}

export interface MemoryObserver {
  /** See `BodyObserver`. */
  pieceBytes(): number;
  /** See `BodyObserver`. The last piece is not told of: that is the end of the request. */
  onPieceTaken(): void;
  /** So many more bytes are with the protocol. `first`: undici is within its own write(). */
  onPieceWritten(bytes: number, first: boolean): void;
}

/**
 * A body in memory, which undici has as one Buffer and the stream gets in pieces: one Buffer of all would show no progress, count
 * as a whole against the session's memory, and hang Node when it is aborted. Each piece follows in the callback of the one before; an
 * iterator in undici's hands would take several promises more for each.
 */
export class MemoryFeed {
  readonly #bytes: Uint8Array;
  readonly #observer: MemoryObserver;
  #sink: PieceSink | undefined;
  #at = 0;
  #stopped = false;

  constructor(bytes: Uint8Array, observer: MemoryObserver) {
    this.#bytes = bytes;
    this.#observer = observer;
  }

  /** Writes the first piece. */
  start(sink: PieceSink): void {
    this.#sink = sink;
    this.#hand();
  }

  /** Writes nothing more. */
  stop(): void {
    this.#stopped = true;
  }

  readonly #onTaken: Taken = (error) => {
    if (error != null) return;
    this.#observer.onPieceTaken();
    this.#hand();
  };

  #hand(): void {
    const sink = this.#sink;
    if (this.#stopped || sink?.writable !== true) return;
    const start = this.#at;
    const end = Math.min(start + this.#observer.pieceBytes(), this.#bytes.byteLength);
    const piece = this.#bytes.subarray(start, end);
    this.#at = end;
    if (end === this.#bytes.byteLength) sink.end(piece);
    else sink.write(piece, this.#onTaken);
    // Last, since whoever hears of it may abort.
    this.#observer.onPieceWritten(end - start, start === 0);
  }
}

/** Small chunks are gathered in blocks of this size, or less while there is little. */
const BLOCK_BYTES = 64 * 1024;
const FIRST_BLOCK_BYTES = 4 * 1024;
const NO_BLOCK: Buffer = Buffer.alloc(0);

interface Piece {
  /** Where it begins in the content. */
  readonly at: number;
  bytes: Uint8Array;
}

/** The latest part of a content, without a gap. What was handed out stays as it is, also when it has been dropped here. */
export class SpoolMemory {
  /** The oldest first. */
  #pieces: Piece[] = [];
  /** Where chunks are copied to. While some of it is used, and some is free, it is the last piece. */
  #block: Buffer = NO_BLOCK;
  #used = 0;
  #size = 0;

  /** Bytes of the whole content so far. */
  get size(): number {
    return this.#size;
  }

  /** Where the part that is held begins; `size` when nothing is. */
  get start(): number {
    return this.#pieces[0]?.at ?? this.#size;
  }

  /** Bytes that are held. */
  get held(): number {
    return this.#size - this.start;
  }

  /** Adds a copy of `chunk`. */
  addCopy(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.byteLength; ) {
      if (this.#used === this.#block.byteLength) this.#newBlock();
      const part = chunk.subarray(at, at + this.#block.byteLength - this.#used);
      this.#block.set(part, this.#used);
      const begun = this.#used > 0 ? this.#pieces.at(-1) : undefined;
      this.#used += part.byteLength;
      if (begun === undefined) this.#push(this.#block.subarray(0, part.byteLength));
      else {
        begun.bytes = this.#block.subarray(0, this.#used);
        this.#size += part.byteLength;
      }
      at += part.byteLength;
    }
  }

  /** Adds `chunk` itself, which must not change any more; a copy where it is a small part of what it would keep alive. */
  addOwned(chunk: Uint8Array): void {
    if (chunk.byteLength * 2 < chunk.buffer.byteLength || chunk.byteLength < FIRST_BLOCK_BYTES) {
      this.addCopy(chunk);
      return;
    }
    this.#leaveBlock();
    this.#push(chunk);
  }

  /** At least one and at most `length` bytes from `at`, which must be held. */
  slice(at: number, length: number): Uint8Array {
    const { at: start, bytes } = this.#pieceAt(at);
    return bytes.subarray(at - start, at - start + length);
  }

  /** Everything from `at` on, which must be held, in pieces. */
  from(at: number): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    for (const piece of this.#pieces) {
      const skipped = Math.max(0, at - piece.at);
      if (skipped < piece.bytes.byteLength) pieces.push(piece.bytes.subarray(skipped));
    }
    return pieces;
  }

  /** Lets whole pieces go, the oldest first, of what lies before `end`, until no more than `bytes` are held. */
  drop(end: number, bytes: number): void {
    let count = 0;
    for (const { at, bytes: piece } of this.#pieces) {
      if (this.#size - at <= bytes || at + piece.byteLength > end) break;
      count += 1;
    }
    if (count === 0) return;
    if (count === this.#pieces.length) this.#leaveBlock();
    this.#pieces.splice(0, count);
  }

  clear(): void {
    this.#leaveBlock();
    this.#pieces = [];
  }

  #push(bytes: Uint8Array): void {
    this.#pieces.push({ at: this.#size, bytes });
    this.#size += bytes.byteLength;
  }

  #newBlock(): void {
    const wanted = Math.max(FIRST_BLOCK_BYTES, this.held);
    this.#block = Buffer.allocUnsafeSlow(Math.min(BLOCK_BYTES, wanted));
    this.#used = 0;
  }

  #leaveBlock(): void {
    this.#block = NO_BLOCK;
    this.#used = 0;
  }

  #pieceAt(at: number): Piece {
    for (const piece of this.#pieces) if (at < piece.at + piece.bytes.byteLength) return piece;
    throw new Error('the spool does not hold this any more');
  }
}

import { type ImageType, sniffImage } from '../sniff.ts';
import { readJpeg } from './jpeg.ts';
import { readPng } from './png.ts';
import type { ImageSize, Reading, Wish } from './reading.ts';
import { readWebp } from './webp.ts';

export type { ImageSize } from './reading.ts';

/** What the structure of the bytes so far says. A closed set. */
export type ImageFinding =
  /** From its first byte to the end that its format has. */
  | { readonly type: 'whole'; readonly size: ImageSize }
  /** Cut short, damaged, of another format, or merely unusual: only a decoder can tell. */
  | { readonly type: 'doubtful' };

/** What tells PNG, JPEG and WebP apart; the smallest of them are hardly longer. */
const HEAD_BYTES = 12;

const DOUBTFUL: ImageFinding = { type: 'doubtful' };
const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Looks at a PNG, JPEG or WebP while it comes in, and knows at its last byte whether it is whole and how many pixels it has. It
 * keeps nothing and decodes nothing: a small part of a decoder's time, and no second reading. What it calls whole can still hold
 * damage inside that only a decoder sees (in a JPEG or WebP, which have no checksums).
 */
export class ImageScan {
  #reading: Reading | undefined;
  #wish: Wish | undefined = { type: 'take', bytes: HEAD_BYTES };
  #finding: ImageFinding = DOUBTFUL;
  /** What has come of a `take`. */
  #taken: Buffer = NOTHING;
  /** What is left of a `skip`. */
  #left = 0;
  /** Whether a search for a marker stands behind 0xff. */
  #behindFill = false;

  /** The next bytes. */
  push(piece: Uint8Array): void {
    if (this.#wish === undefined) return;
    this.#feed(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
  }

  /** What has been found by now; `doubtful` until the end has come. */
  get finding(): ImageFinding {
    return this.#finding;
  }

  #feed(piece: Buffer): void {
    for (let at = 0; at < piece.byteLength && this.#wish !== undefined; ) {
      at = this.#fulfil(this.#wish, piece, at);
    }
  }

  /** Gives the wish what there is, and returns where that ended. */
  #fulfil(wish: Wish, piece: Buffer, at: number): number {
    switch (wish.type) {
      case 'take': {
        const part = piece.subarray(at, at + wish.bytes - this.#taken.byteLength);
        this.#taken = this.#taken.byteLength === 0 ? part : Buffer.concat([this.#taken, part]);
        if (this.#taken.byteLength === wish.bytes) this.#grant(this.#taken);
        else this.#taken = Buffer.from(this.#taken);
        return at + part.byteLength;
      }
      case 'skip': {
        const part = piece.subarray(at, at + this.#left);
        wish.each?.(part);
        this.#left -= part.byteLength;
        if (this.#left === 0) this.#grant(NOTHING);
        return at + part.byteLength;
      }
      case 'marker':
        return this.#seek(piece, at);
    }
  }

  #seek(piece: Buffer, from: number): number {
    let at = from;
    while (at < piece.byteLength) {
      if (!this.#behindFill) {
        // A quarter of the time of a loop over the bytes.
        const found = piece.indexOf(0xff, at);
        if (found === -1) return piece.byteLength;
        at = found + 1;
        this.#behindFill = true;
        continue;
      }
      const byte = piece[at] ?? 0;
      at += 1;
      if (byte === 0xff) continue;
      this.#behindFill = false;
      if (byte === 0 || (byte >= 0xd0 && byte <= 0xd7)) continue;
      this.#grant(piece.subarray(at - 1, at));
      break;
    }
    return at;
  }

  #grant(bytes: Buffer): void {
    this.#taken = NOTHING;
    if (this.#reading === undefined) this.#begin(bytes);
    else this.#step(this.#reading.next(bytes));
  }

  /** The first bytes tell the format, and are read again by it. */
  #begin(head: Buffer): void {
    const reading = readingOf(sniffImage(head));
    this.#reading = reading;
    if (reading === undefined) {
      this.#wish = undefined;
      return;
    }
    this.#step(reading.next());
    this.#feed(head);
  }

  #step(step: IteratorResult<Wish, ImageSize | undefined>): void {
    if (step.done === true) {
      this.#wish = undefined;
      if (step.value !== undefined) this.#finding = { type: 'whole', size: step.value };
      return;
    }
    this.#wish = step.value;
    this.#left = step.value.type === 'skip' ? step.value.bytes : 0;
  }
}

function readingOf(type: ImageType | undefined): Reading | undefined {
  switch (type?.mediaType) {
    case 'image/png':
      return readPng();
    case 'image/jpeg':
      return readJpeg();
    case 'image/webp':
      return readWebp();
    default:
      return undefined;
  }
}

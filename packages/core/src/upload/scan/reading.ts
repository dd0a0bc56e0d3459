/** How a format is read: a generator that asks for bytes, so that it need not know how they come in. */

/** What a reading asks for next. A closed set. */
export type Wish =
  /** So many bytes in one piece; few. */
  | { readonly type: 'take'; readonly bytes: number }
  /** So many bytes pass by; `each` sees them as they come. */
  | { readonly type: 'skip'; readonly bytes: number; readonly each?: (piece: Uint8Array) => void }
  /** The next marker in the entropy-coded data of a JPEG: what follows 0xff and is neither stuffed nor a restart. */
  | { readonly type: 'marker' };

/** What is granted: the bytes taken; nothing for a skip; the marker in one byte. */
export type Granted = Buffer;

/** Pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/**
 * Returns the size of an image that is whole by its structure; undefined for anything else, also for what is merely unusual:
 * somebody else has to decide then.
 */
export type Reading = Generator<Wish, ImageSize | undefined, Granted>;

export function* take(bytes: number): Generator<Wish, Buffer, Granted> {
  return bytes === 0 ? Buffer.alloc(0) : yield { type: 'take', bytes };
}

export function* pass(bytes: number, each?: (piece: Uint8Array) => void): Generator<Wish, void, Granted> {
  if (bytes > 0) yield { type: 'skip', bytes, ...(each && { each }) };
}

import { MAX_SLICE_BYTES } from '@ferry/core';

/** More exchanges than this on one connection get smaller pieces: what they queue counts against Node's session memory. */
const MANY_RIDERS = 16;

/** A piece that the stream took in this time is no obstacle to noticing silence, in milliseconds. */
const QUICK_MS = 250;
const SLOW_MS = 1_000;

/** Node's HTTP/2 stream holds this much before it asks for a pause. */
const MEDIUM_BYTES = 64 * 1024;

/** One DATA frame of the size every peer accepts (RFC 9113 section 4.2). */
const SMALL_BYTES = 16 * 1024;

/** How a body is cut: by us from memory, or from the slices that its source yields. */
export type BodyForm = 'memory' | 'slices';

/**
 * The pieces of a body on a fast road, by measurement. Each costs a turn of the event loop, which one of 256 KiB feels: a sixth of the CPU
 * at 10 MB. But Node, OpenSSL and the kernel each copy what leaves in one write of the session, the pieces of all its exchanges, and more than
 * the processor's cache holds costs that again. A slice is not cut in two for so little: its pieces take promises.
 */
const FAST: Readonly<Record<BodyForm, { readonly alone: number; readonly shared: number }>> = {
  memory: { alone: 512 * 1024, shared: 208 * 1024 },
  slices: { alone: MAX_SLICE_BYTES, shared: MAX_SLICE_BYTES },
};

/**
 * How large the next piece of a body may be. Large pieces cost less, within limits. But a piece is also the grain in which
 * progress can be seen once other requests share the connection, whose window is then no measure any more: it must be taken
 * well within `idleMs`, so the grain follows the pace of the pieces before.
 * @param riders exchanges on the connection now, this one included.
 * @param tookMs how long the stream took the piece before this one, or the latest on the connection; undefined where none is known.
 */
export function pieceBytes(form: BodyForm, riders: number, tookMs: number | undefined): number {
  if (tookMs !== undefined && tookMs > SLOW_MS) return SMALL_BYTES;
  if (riders > MANY_RIDERS) return MEDIUM_BYTES;
  const { alone, shared } = FAST[form];
  if (tookMs === undefined) return riders > 1 ? MEDIUM_BYTES : alone;
  if (tookMs > QUICK_MS) return MEDIUM_BYTES;
  return riders > 1 ? shared : alone;
}

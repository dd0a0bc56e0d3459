import { MAX_SLICE_BYTES } from '@ferry/core';
import { QUICK_MS, type TakenPiece } from '../connection/recent-pace.ts';

/** How a body is cut: by us from memory, or from the slices that its source yields. */
export type BodyForm = 'memory' | 'slices';

/**
 * By measurement: what leaves in one write is encrypted and copied in the processor's caches; more takes longer a byte, and less pays for
 * more turns of the event loop (docs/adr/0030). Also what is alone is seen by the byte (see `OwnBytes`), until requests join.
 */
const USUAL_BYTES = 512 * 1024;

/**
 * Of those that share a connection far away: what is cut smaller takes turns with the others, so that all of them end at once, and the
 * connection rests for a round trip (docs/adr/0029). No piece has more.
 */
export const FAR_BYTES: number = 1024 * 1024;

/** A round trip, in milliseconds, that is no rest: four bodies of a megabyte take an uplink of 1 Gbit/s sixteen times as long. */
const NEAR_MS = 2;

/** As many as POOLED has on one connection may have pieces of `FAR_BYTES`; with more of them, all together have as much as one. */
const FEW_RIDERS = 4;

/** A slice of as many is not cut: its pieces take promises. */
const SOME_RIDERS = 16;

/** What a hundred exchanges may queue beside those few: it counts against the memory of Node's session, which is 10 MB. */
const CROWDED_BYTES = 32 * 1024;

/** A DATA frame of the size that every peer accepts (RFC 9113 section 4.2). */
const LEAST_BYTES = 16 * 1024;

/**
 * How much larger a piece may be than one that was taken quickly, on a shared road: buffers on the way take what is short at once, however
 * slow the road. A first piece has four frames.
 */
const GROWTH = 4;

/**
 * How large the next piece of a body may be. Large pieces cost less, within limits. But a piece is also the grain in which progress can be
 * seen once other requests share the connection, whose window is then no measure any more: it must be taken well within `idleMs`. So
 * its size follows the pace of the piece before, whichever body that was of.
 * @param riders exchanges on the connection now, this one included.
 * @param latest the piece that the connection took last; undefined where none is known.
 * @param roundTripMs to the peer, in milliseconds; undefined where it is not known.
 */
export function pieceBytes(
  form: BodyForm,
  riders: number,
  latest: TakenPiece | undefined,
  roundTripMs: number | undefined,
): number {
  const most =
    form === 'slices' && riders <= SOME_RIDERS ? MAX_SLICE_BYTES : mostFromMemory(riders, roundTripMs);
  if (latest !== undefined && latest.tookMs > QUICK_MS) {
    const inTime = Math.round((latest.bytes * QUICK_MS) / latest.tookMs);
    return Math.max(LEAST_BYTES, Math.min(inTime, most));
  }
  if (riders === 1) return most;
  return Math.min(Math.max(latest?.bytes ?? 0, LEAST_BYTES) * GROWTH, most);
}

function mostFromMemory(riders: number, roundTripMs: number = Number.POSITIVE_INFINITY): number {
  if (riders === 1) return USUAL_BYTES;
  if (riders <= FEW_RIDERS) return roundTripMs > NEAR_MS ? FAR_BYTES : USUAL_BYTES;
  return Math.max(CROWDED_BYTES, Math.floor(FAR_BYTES / riders));
}

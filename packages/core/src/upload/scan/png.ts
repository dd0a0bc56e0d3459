import { crc32 } from 'node:zlib';
import { type ImageSize, pass, type Reading, take } from './reading.ts';

/** No chunk is longer (PNG, section 5.3). */
const MAX_CHUNK_BYTES = 2 ** 31 - 1;

/**
 * A PNG from its signature to its IEND, with the checksum of every chunk: a byte that was changed on the way is noticed.
 * Source: Portable Network Graphics (Third Edition), W3C, sections 5.2 and 5.3.
 */
export function* readPng(): Reading {
  yield* take(8);
  let size: ImageSize | undefined;
  let hasData = false;
  for (;;) {
    const head = yield* take(8);
    const length = head.readUInt32BE(0);
    const type = head.toString('latin1', 4);
    if (length > MAX_CHUNK_BYTES) return undefined;
    let sum = crc32(head.subarray(4));
    if (size === undefined) {
      if (type !== 'IHDR' || length !== 13) return undefined;
      const header = yield* take(length);
      sum = crc32(header, sum);
      size = { width: header.readUInt32BE(0), height: header.readUInt32BE(4) };
    } else {
      yield* pass(length, (piece) => {
        sum = crc32(piece, sum);
      });
    }
    const check = yield* take(4);
    if (check.readUInt32BE(0) !== sum) return undefined;
    hasData ||= type === 'IDAT' && length > 0;
    if (type === 'IEND') return hasData ? size : undefined;
  }
}

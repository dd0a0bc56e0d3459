import { type ImageSize, pass, type Reading, take } from './reading.ts';

/** As many of a chunk's first bytes as tell the size. */
const LOOKED_AT: Readonly<Record<string, number>> = { VP8X: 10, 'VP8 ': 10, VP8L: 5, ANMF: 0 };

/** A WebP as long as its RIFF header says, chunk by chunk. Source: RFC 9649, section 2. */
export function* readWebp(): Reading {
  const riff = yield* take(12);
  // The length leaves out its own eight bytes; "WEBP" is counted.
  const end = riff.readUInt32LE(4) + 8;
  let at = 12;
  let size: ImageSize | undefined;
  let hasPicture = false;
  while (at < end) {
    const head = yield* take(8);
    const type = head.toString('latin1', 0, 4);
    const length = head.readUInt32LE(4);
    const padded = length + (length % 2);
    at += 8 + padded;
    if (at > end) return undefined;
    const looked = LOOKED_AT[type] ?? 0;
    if (length < looked) return undefined;
    const start = yield* take(looked);
    // The canvas counts where there is one: it comes first, and frames lie within it.
    size ??= sizeOf(type, start);
    if (type in LOOKED_AT && size === undefined) return undefined;
    hasPicture ||= type in LOOKED_AT && type !== 'VP8X';
    yield* pass(padded - looked);
  }
  return hasPicture ? size : undefined;
}

function sizeOf(type: string, start: Buffer): ImageSize | undefined {
  switch (type) {
    case 'VP8X':
      return { width: start.readUIntLE(4, 3) + 1, height: start.readUIntLE(7, 3) + 1 };
    case 'VP8 ':
      // RFC 6386, section 9.1: a start code, then 14 bits each; the two above them are for scaling.
      if (start.readUIntBE(3, 3) !== 0x9d012a) return undefined;
      return { width: start.readUInt16LE(6) & 0x3fff, height: start.readUInt16LE(8) & 0x3fff };
    case 'VP8L': {
      // RFC 9649, section 3.4: 14 bits each, less one.
      if (start[0] !== 0x2f) return undefined;
      const bits = start.readUInt32LE(1);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    default:
      return undefined;
  }
}

import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

/** A photograph of the simulator's samples, which lie beside its `dist` and its `src`. */
const SOURCE = join(
  dirname(fileURLToPath(import.meta.resolve('@ferry/upstream-sim'))),
  '../samples/chelsea.png',
);

const QUALITY = 92;

/** Grain of a sensor in low light: an enlarged photograph alone is so smooth that megabytes of it would be a poster. */
const GRAIN = 14;

/** How near to the size that was asked for is near enough. */
const TOLERANCE = 0.03;

const made = new Map<number, Promise<Buffer<ArrayBuffer>>>();

/**
 * A JPEG of about `byteLength` bytes: the photograph enlarged, with grain. The same bytes every time.
 * @throws Error when the size cannot be reached.
 */
export function photograph(byteLength: number): Promise<Buffer<ArrayBuffer>> {
  const photo = made.get(byteLength) ?? makePhotograph(byteLength);
  made.set(byteLength, photo);
  return photo;
}

async function makePhotograph(byteLength: number): Promise<Buffer<ArrayBuffer>> {
  const source = await readFile(SOURCE);
  let width = Math.sqrt(byteLength * 2);
  for (let attempt = 0; attempt < 8; attempt += 1) {
    const jpeg = await enlarged(source, Math.round(width));
    const share = byteLength / jpeg.byteLength;
    if (Math.abs(share - 1) <= TOLERANCE) return jpeg;
    width *= Math.sqrt(share);
  }
  throw new Error(`no photograph of ${byteLength} bytes could be made`);
}

async function enlarged(source: Buffer, width: number): Promise<Buffer<ArrayBuffer>> {
  const { data, info } = await sharp(source)
    .resize({ width })
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  addGrain(data);
  const raw = { width: info.width, height: info.height, channels: 3 } as const;
  return (await sharp(data, { raw }).jpeg({ quality: QUALITY }).toBuffer()) as Buffer<ArrayBuffer>;
}

/** In place. xorshift32, so that every run measures the same bytes. */
function addGrain(pixels: Buffer): void {
  let state = 0x9e3779b9;
  for (let i = 0; i < pixels.length; i += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const grain = ((state >>> 8) & 0xff) / 255 - 0.5;
    pixels[i] = Math.max(0, Math.min(255, (pixels[i] ?? 0) + grain * 2 * GRAIN));
  }
}

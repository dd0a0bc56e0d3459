import { setImmediate } from 'node:timers/promises';
import sharp from 'sharp';
import { type Picture, toSharp } from './picture.ts';
import { randomFrom } from './random.ts';

/** One number a pixel, rows from the top. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/** The longest that a pixel loop keeps the event loop, in milliseconds: the server beside it must go on answering. */
const SLICE_MS = 6;
const ROWS_AT_ONCE = 4;

/** Runs `work` for every row, and lets other work of the process run in between. */
export async function eachRow(height: number, work: (y: number) => void): Promise<void> {
  let sliceEnd = performance.now() + SLICE_MS;
  for (let top = 0; top < height; top += ROWS_AT_ONCE) {
    const bottom = Math.min(top + ROWS_AT_ONCE, height);
    for (let y = top; y < bottom; y++) work(y);
    if (performance.now() >= sliceEnd) {
      await setImmediate();
      sliceEnd = performance.now() + SLICE_MS;
    }
  }
}

/** Computes every pixel: `shade(out, offset, x, y)` writes three values from 0 to 255, clamped and rounded here. */
export async function mapPixels(
  width: number,
  height: number,
  shade: (out: Float32Array, offset: number, x: number, y: number) => void,
): Promise<Picture> {
  const rgb = new Uint8ClampedArray(width * height * 3);
  const pixel = new Float32Array(3);
  await eachRow(height, (y) => {
    for (let x = 0; x < width; x++) {
      const offset = (y * width + x) * 3;
      shade(pixel, offset, x, y);
      rgb.set(pixel, offset);
    }
  });
  return { width, height, rgb: new Uint8Array(rgb.buffer) };
}

/** Replaces every channel's value by its entry in a table of 256. */
export async function mapValues({ width, height, rgb }: Picture, table: Uint8Array): Promise<Picture> {
  const out = new Uint8Array(rgb.length);
  await eachRow(height, (y) => {
    for (let i = y * width * 3; i < (y + 1) * width * 3; i++) out[i] = table[rgb[i] ?? 0] ?? 0;
  });
  return { width, height, rgb: out };
}

/** Rec. 709 luma, 0 to 1. */
export async function lumaOf({ width, height, rgb }: Picture): Promise<Plane> {
  const values = new Float32Array(width * height);
  await eachRow(height, (y) => {
    for (let i = y * width; i < (y + 1) * width; i++) {
      const at = i * 3;
      values[i] = (0.2126 * (rgb[at] ?? 0) + 0.7152 * (rgb[at + 1] ?? 0) + 0.0722 * (rgb[at + 2] ?? 0)) / 255;
    }
  });
  return { width, height, values };
}

/** One channel, 0 to 1. */
export async function channelOf({ width, height, rgb }: Picture, channel: 0 | 1 | 2): Promise<Plane> {
  const values = new Float32Array(width * height);
  await eachRow(height, (y) => {
    for (let i = y * width; i < (y + 1) * width; i++) values[i] = (rgb[i * 3 + channel] ?? 0) / 255;
  });
  return { width, height, values };
}

/** A blurred copy of the picture; `sigma` in pixels. */
export async function blurred(picture: Picture, sigma: number): Promise<Picture> {
  const rgb = await toSharp(picture).blur(Math.max(0.3, sigma)).raw().toBuffer();
  return { ...picture, rgb };
}

/** Mean over a square of `radius` around each pixel, by sliding sums: the cost does not grow with the radius. */
export async function boxMean({ width, height, values }: Plane, radius: number): Promise<Plane> {
  const across = new Float32Array(width * height);
  const size = 2 * radius + 1;
  await eachRow(height, (y) => {
    const row = y * width;
    let sum = 0;
    for (let k = -radius; k <= radius; k++) sum += values[row + clamp(k, width)] ?? 0;
    for (let x = 0; x < width; x++) {
      across[row + x] = sum / size;
      sum +=
        (values[row + clamp(x + radius + 1, width)] ?? 0) - (values[row + clamp(x - radius, width)] ?? 0);
    }
  });
  const out = new Float32Array(width * height);
  const sums = new Float64Array(width);
  for (let k = -radius; k <= radius; k++) {
    const row = clamp(k, height) * width;
    for (let x = 0; x < width; x++) sums[x] = (sums[x] ?? 0) + (across[row + x] ?? 0);
  }
  await eachRow(height, (y) => {
    const enter = clamp(y + radius + 1, height) * width;
    const leave = clamp(y - radius, height) * width;
    for (let x = 0; x < width; x++) {
      const sum = sums[x] ?? 0;
      out[y * width + x] = sum / size;
      sums[x] = sum + (across[enter + x] ?? 0) - (across[leave + x] ?? 0);
    }
  });
  return { width, height, values: out };
}

/** Strength of edges by the Sobel operator, 0 to about 1. */
export async function edgesOf({ width, height, values }: Plane): Promise<Plane> {
  const out = new Float32Array(width * height);
  await eachRow(height, (y) => {
    const up = clamp(y - 1, height) * width;
    const row = y * width;
    const down = clamp(y + 1, height) * width;
    for (let x = 0; x < width; x++) {
      const l = clamp(x - 1, width);
      const r = clamp(x + 1, width);
      const at = (i: number): number => values[i] ?? 0;
      const gx = at(up + r) + 2 * at(row + r) + at(down + r) - at(up + l) - 2 * at(row + l) - at(down + l);
      const gy = at(down + l) + 2 * at(down + x) + at(down + r) - at(up + l) - 2 * at(up + x) - at(up + r);
      out[row + x] = Math.hypot(gx, gy) / 4;
    }
  });
  return { width, height, values: out };
}

/** Smooth noise from -1 to 1 whose spots are about `cell` pixels wide. */
export async function noise(width: number, height: number, cell: number, seed: number): Promise<Plane> {
  const columns = Math.max(2, Math.ceil(width / cell) + 1);
  const rows = Math.max(2, Math.ceil(height / cell) + 1);
  const random = randomFrom(seed);
  const grid = Uint8Array.from({ length: columns * rows }, () => random() * 256);
  const smooth = await sharp(grid, { raw: { width: columns, height: rows, channels: 1 } })
    .resize(width, height, { fit: 'fill', kernel: 'cubic' })
    .extractChannel(0)
    .raw()
    .toBuffer();
  const values = new Float32Array(width * height);
  await eachRow(height, (y) => {
    for (let i = y * width; i < (y + 1) * width; i++) values[i] = (smooth[i] ?? 0) / 127.5 - 1;
  });
  return { width, height, values };
}

/** Noise drawn out along the falling diagonal, as a pencil's strokes lie: -1 to 1. */
export async function strokes(width: number, height: number, length: number, seed: number): Promise<Plane> {
  const random = randomFrom(seed);
  const keep = 1 - 1 / length;
  // The variance of a first-order recursive filter over uniform noise; dividing by it keeps the range for every length.
  const gain = 1 / (1.6 * Math.sqrt(((1 - keep) ** 2 / (1 - keep * keep)) * (1 / 3)));
  const raw = new Float32Array(width * height);
  await eachRow(height, (y) => {
    for (let x = 0; x < width; x++) {
      const fresh = random() * 2 - 1;
      const before = y > 0 && x + 1 < width ? (raw[(y - 1) * width + x + 1] ?? 0) : fresh;
      raw[y * width + x] = keep * before + (1 - keep) * fresh;
    }
  });
  return { width, height, values: raw.map((value) => Math.max(-1, Math.min(1, value * gain))) };
}

/** 0 below `from`, 1 above `to`, smooth between. */
export function smoothstep(from: number, to: number, value: number): number {
  const t = Math.max(0, Math.min(1, (value - from) / (to - from)));
  return t * t * (3 - 2 * t);
}

/** Linear blend: 0 gives `a`, 1 gives `b`. */
export function mix(a: number, b: number, t: number): number {
  return a + (b - a) * t;
}

function clamp(index: number, size: number): number {
  return index < 0 ? 0 : index >= size ? size - 1 : index;
}

import { ImageScan, Spool, sniffImage } from '@ferry/core';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { ImageCheck } from './image-check.ts';
import type { ReceivedImage } from './received-form.ts';

const SIDE = 64;

function noise(): ReturnType<typeof sharp> {
  const pixels = Buffer.from(
    Array.from({ length: SIDE * SIDE * 3 }, (_, i) => Math.imul(i + 1, 2_654_435_761) >>> 24),
  );
  return sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 3 } });
}

/** As it is after its reception. */
async function received(bytes: Buffer, spools: AsyncDisposableStack): Promise<ReceivedImage> {
  const spool = spools.use(new Spool());
  const scan = new ImageScan();
  scan.push(bytes);
  await spool.write(bytes);
  spool.end();
  const type = sniffImage(bytes);
  if (type === undefined) throw new Error('no image');
  const { finding } = scan;
  return { index: 0, param: 'image', filename: 'a', type, spool, bytes: bytes.byteLength, finding };
}

/** What the check says: nothing, or the refusal. */
async function checked(bytes: Buffer, { decodeAll = false, maxPixels = 1_000_000 } = {}): Promise<unknown> {
  await using spools = new AsyncDisposableStack();
  const image = await received(bytes, spools);
  const options = {
    turn: { caller: 'a' },
    decodeAll,
    maxPixels,
    signal: new AbortController().signal,
  };
  return await new ImageCheck().check(image, options).then(
    () => 'passed',
    (error: unknown) => error,
  );
}

const refused = (words: string): unknown =>
  expect.objectContaining({
    fields: expect.objectContaining({ code: 'invalid_image', param: 'image' }),
    message: expect.stringContaining(words),
  });

test.each(['png', 'jpeg', 'webp'] as const)('a whole %s passes, decoded or not', async (format) => {
  const bytes = await noise().toFormat(format).toBuffer();
  expect(await checked(bytes)).toBe('passed');
  expect(await checked(bytes, { decodeAll: true })).toBe('passed');
});

test.each(['png', 'jpeg', 'webp'] as const)('a %s that is cut short is refused', async (format) => {
  const bytes = await noise().toFormat(format).toBuffer();
  expect(await checked(bytes.subarray(0, bytes.byteLength * 0.6))).toEqual(
    refused('is damaged or cut short'),
  );
});

test('an image that is unusual, but that can be decoded, passes', async () => {
  const jpeg = await noise().jpeg().toBuffer();
  // A restart marker where none belongs: a decoder skips it.
  const odd = Buffer.concat([jpeg.subarray(0, 2), Buffer.from('ffd0', 'hex'), jpeg.subarray(2)]);
  await using spools = new AsyncDisposableStack();
  expect((await received(odd, spools)).finding.type).toBe('doubtful');
  expect(await checked(odd)).toBe('passed');
});

test('damage that only a decoder sees is found where every image is decoded', async () => {
  const bytes = await noise().webp({ lossless: true }).toBuffer();
  bytes.fill(0xff, bytes.byteLength / 2, bytes.byteLength - 16);
  expect(await checked(bytes)).toBe('passed');
  expect(await checked(bytes, { decodeAll: true })).toEqual(refused('is damaged'));
});

test.each([true, false])('too many pixels are refused, decoded or not (%s)', async (decodeAll) => {
  const bytes = await noise().jpeg().toBuffer();
  const maxPixels = SIDE * SIDE - 1;
  expect(await checked(bytes, { decodeAll, maxPixels })).toEqual(refused('million pixels'));
  expect(await checked(bytes, { decodeAll, maxPixels: SIDE * SIDE })).toBe('passed');
});

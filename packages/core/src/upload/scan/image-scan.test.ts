import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { ImageScan } from './image-scan.ts';

const WIDTH = 97;
const HEIGHT = 61;

/** Noise: pictures of which the compressors leave something, with every marker that entropy-coded data can hold. */
function noise(channels: 3 | 4): ReturnType<typeof sharp> {
  const pixels = Buffer.alloc(WIDTH * HEIGHT * channels);
  let state = 0x9e3779b9;
  for (let i = 0; i < pixels.byteLength; i += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    pixels[i] = state >>> 24;
  }
  return sharp(pixels, { raw: { width: WIDTH, height: HEIGHT, channels } });
}

/** Three pictures, one below the other. */
const frames = (): ReturnType<typeof sharp> =>
  sharp(Buffer.from(Array.from({ length: WIDTH * HEIGHT * 9 }, (_, i) => i >>> 12)), {
    raw: { width: WIDTH, height: HEIGHT * 3, channels: 3, pageHeight: HEIGHT },
  });

const PICTURES: Readonly<Record<string, () => Promise<Buffer>>> = {
  PNG: () => noise(3).png().toBuffer(),
  'PNG with alpha, interlaced': () => noise(4).png({ progressive: true }).toBuffer(),
  'PNG with a palette': () => noise(3).png({ palette: true }).toBuffer(),
  JPEG: () => noise(3).jpeg().toBuffer(),
  'JPEG, progressive': () => noise(3).jpeg({ progressive: true }).toBuffer(),
  'JPEG with a profile and a thumbnail of its own': async () =>
    noise(3)
      .withExif({ IFD0: { ImageDescription: 'ÿÙ the end of an image, as text' } })
      .withIccProfile('srgb')
      .jpeg({ mozjpeg: true })
      .toBuffer(),
  'JPEG in shades of grey': () => noise(3).greyscale().jpeg({ quality: 100 }).toBuffer(),
  WebP: () => noise(3).webp().toBuffer(),
  'WebP, lossless': () => noise(3).webp({ lossless: true }).toBuffer(),
  'WebP with alpha': () => noise(4).webp().toBuffer(),
  'WebP with a profile': () => noise(3).withIccProfile('p3').webp().toBuffer(),
  'WebP, animated': () => frames().webp({ loop: 0 }).toBuffer(),
};

function scan(bytes: Uint8Array, pieceBytes = bytes.byteLength): ImageScan['finding'] {
  const scan = new ImageScan();
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) scan.push(bytes.subarray(at, at + pieceBytes));
  return scan.finding;
}

const WHOLE = { type: 'whole', size: { width: WIDTH, height: HEIGHT } };
const DOUBTFUL = { type: 'doubtful' };

describe.each(Object.entries(PICTURES))('%s', (_name, make) => {
  test('is whole, and as large as it is, however it is cut into pieces', async () => {
    const bytes = await make();
    for (const pieceBytes of [1, 2, 3, 7, 64, 1_000, bytes.byteLength])
      expect(scan(bytes, pieceBytes)).toEqual(WHOLE);
  });

  test('is not taken for whole before its last byte', async () => {
    const bytes = await make();
    const scan = new ImageScan();
    for (const byte of bytes.subarray(0, -1)) {
      scan.push(Uint8Array.of(byte));
      if (scan.finding.type === 'whole') throw new Error('a part of it was taken for the whole');
    }
    scan.push(bytes.subarray(-1));
    expect(scan.finding).toEqual(WHOLE);
  });

  test('stays whole when something follows it', async () => {
    const bytes = await make();
    expect(scan(Buffer.concat([bytes, Buffer.from('another picture, or a signature')]))).toEqual(WHOLE);
  });
});

test('a byte that was changed anywhere in a PNG leaves a doubt', async () => {
  const bytes = await PICTURES.PNG?.();
  if (bytes === undefined) throw new Error('no picture');
  for (let at = 0; at < bytes.byteLength; at += 13) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 0x20;
    expect(scan(changed)).toEqual(DOUBTFUL);
  }
});

const jpeg = (...parts: (string | number)[]): Buffer =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'hex') : Buffer.alloc(part))),
  );
const FRAME = 'ffc0000b08003d006101011100';
const SCAN = 'ffda0008010100003f00';

test.each<[string, Uint8Array, object]>([
  ['nothing', new Uint8Array(), DOUBTFUL],
  ['no picture', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"></svg>'), DOUBTFUL],
  ['a JPEG as short as it can be', jpeg('ffd8', FRAME, SCAN, '00', 'ffd9'), WHOLE],
  ['fill bytes before markers', jpeg('ffd8', `ffff${FRAME}`, SCAN, '00', 'ffffffd9'), WHOLE],
  ['restarts and stuffed bytes', jpeg('ffd8', FRAME, SCAN, '0affd00bff000cffd10d', 'ffd9'), WHOLE],
  ['a JPEG without a scan', jpeg('ffd8', FRAME, 'ffd9'), DOUBTFUL],
  ['a scan without a frame', jpeg('ffd8', SCAN, '00', 'ffd9'), DOUBTFUL],
  ['a height that is told later', jpeg('ffd8', 'ffc0000b080000006101011100', SCAN, '00ffd9'), DOUBTFUL],
  ['two frames', jpeg('ffd8', FRAME, FRAME, SCAN, '00ffd9'), DOUBTFUL],
  ['a segment shorter than its length', jpeg('ffd8', 'ffe00001', FRAME, SCAN, '00ffd9'), DOUBTFUL],
  ['no marker where one must be', jpeg('ffd8', '00', FRAME, SCAN, '00ffd9'), DOUBTFUL],
  ['a JPEG that begins anew', jpeg('ffd8', FRAME, SCAN, '00ffd8', 'ffd9'), DOUBTFUL],
  [
    'a PNG of which only the end is left',
    Buffer.from('89504e470d0a1a0a0000000049454e44ae426082', 'hex'),
    DOUBTFUL,
  ],
  ['a PNG without a picture', pngOf('IHDR', 'IEND'), DOUBTFUL],
  ['a WebP without a picture', webpOf(''), DOUBTFUL],
  ['a WebP whose chunk is longer than it', webpOf('5650384cff000000'), DOUBTFUL],
])('%s', (_what, bytes, finding) => {
  expect(scan(bytes)).toEqual(finding);
  expect(scan(bytes, 1)).toEqual(finding);
});

/** Chunks without a mistake in them: the checksums are those of a picture of one point. */
function pngOf(...types: ('IHDR' | 'IEND')[]): Buffer {
  const chunks = {
    IHDR: '0000000d49484452000000010000000108060000001f15c489',
    IEND: '0000000049454e44ae426082',
  };
  return Buffer.from(`89504e470d0a1a0a${types.map((type) => chunks[type]).join('')}`, 'hex');
}

function webpOf(chunks: string): Buffer {
  const body = Buffer.from(chunks, 'hex');
  const head = Buffer.from('RIFF\0\0\0\0WEBP', 'latin1');
  head.writeUInt32LE(4 + body.byteLength, 4);
  return Buffer.concat([head, body]);
}

import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { CHELSEA, ROCKET } from '../testing/samples.ts';
import { BadSourceError, type EditedImage, ImageEditor } from './image-editor.ts';

const editor = new ImageEditor();
const never = new AbortController().signal;

interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

async function pixels(source: string | Uint8Array): Promise<Pixels> {
  const { data, info } = await sharp(source).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  expect(info.channels).toBe(3);
  return { width: info.width, height: info.height, rgb: data };
}

async function edit(
  prompt: string,
  sources: readonly (string | Uint8Array)[] = [CHELSEA],
  n = 1,
): Promise<EditedImage[]> {
  const { images } = await editor.edit({ sources, prompt, n }, never);
  return [...images];
}

async function editOne(prompt: string, sources?: readonly (string | Uint8Array)[]): Promise<Pixels> {
  const [image] = await edit(prompt, sources);
  return pixels(image?.bytes ?? new Uint8Array());
}

/** Mean difference a channel, 0 to 255, over the upper half: the label lies below. */
function difference(a: Pixels, b: Pixels): number {
  expect([a.width, a.height]).toEqual([b.width, b.height]);
  const length = Math.floor(a.height / 2) * a.width * 3;
  let sum = 0;
  for (let i = 0; i < length; i++) sum += Math.abs((a.rgb[i] ?? 0) - (b.rgb[i] ?? 0));
  return sum / length;
}

function means({ rgb }: Pixels): [red: number, green: number, blue: number] {
  const sums: [number, number, number] = [0, 0, 0];
  for (let i = 0; i < rgb.length; i += 3) {
    sums[0] += rgb[i] ?? 0;
    sums[1] += rgb[i + 1] ?? 0;
    sums[2] += rgb[i + 2] ?? 0;
  }
  const count = rgb.length / 3;
  return [sums[0] / count, sums[1] / count, sums[2] / count];
}

/** How much neighbours differ: what sharpening raises and blurring lowers. */
function detail({ width, height, rgb }: Pixels): number {
  let sum = 0;
  for (let y = 0; y < height / 2; y++) {
    for (let x = 0; x + 1 < width; x++) {
      const i = (y * width + x) * 3 + 1;
      sum += Math.abs((rgb[i] ?? 0) - (rgb[i + 3] ?? 0));
    }
  }
  return sum;
}

let original: Pixels;
beforeAll(async () => {
  original = await pixels(CHELSEA);
});

describe('what a prompt does to the pixels', () => {
  it('grayscale makes the three channels of every pixel equal', async () => {
    const { rgb } = await editOne('make it black and white');
    let unequal = 0;
    for (let i = 0; i < rgb.length; i += 3) {
      if (rgb[i] !== rgb[i + 1] || rgb[i] !== rgb[i + 2]) unequal += 1;
    }
    expect(unequal).toBe(0);
  });

  it('invert gives the complement of every channel', async () => {
    const inverted = await editOne('invert the colors');
    const complement = { ...original, rgb: original.rgb.map((value) => 255 - value) };
    // JPEG is not exact; 3 of 255 is what its quality leaves on this picture's fur.
    expect(difference(inverted, complement)).toBeLessThan(3);
  });

  it('rotate swaps width and height and turns the pixels a quarter clockwise', async () => {
    const turned = await editOne('rotate');
    expect([turned.width, turned.height]).toEqual([original.height, original.width]);
    const expected = await pixels(await sharp(CHELSEA).rotate(90).png().toBuffer());
    expect(difference(turned, expected)).toBeLessThan(3);
  });

  it('mirror exchanges left and right', async () => {
    expect(
      difference(await editOne('mirror'), await pixels(await sharp(CHELSEA).flop().png().toBuffer())),
    ).toBeLessThan(3);
  });

  it('upside down exchanges top and bottom', async () => {
    const flipped = await pixels(await sharp(CHELSEA).flip().png().toBuffer());
    expect(difference(await editOne('上下翻转'), flipped)).toBeLessThan(3);
  });

  it('brighter is brighter and darker is darker', async () => {
    const green = means(original)[1];
    expect(means(await editOne('brighter'))[1]).toBeGreaterThan(green + 15);
    expect(means(await editOne('变暗'))[1]).toBeLessThan(green - 15);
  });

  it('warmer moves from blue to red, colder from red to blue', async () => {
    const warmth = (picture: Pixels): number => means(picture)[0] - means(picture)[2];
    expect(warmth(await editOne('warmer'))).toBeGreaterThan(warmth(original) + 10);
    expect(warmth(await editOne('冷色'))).toBeLessThan(warmth(original) - 10);
  });

  it('blur takes detail away and sharpen adds some', async () => {
    expect(detail(await editOne('blur'))).toBeLessThan(detail(original) * 0.6);
    expect(detail(await editOne('sharpen'))).toBeGreaterThan(detail(original) * 1.1);
  });

  it('"slightly" does less than nothing said, "very" more', async () => {
    const slightly = detail(await editOne('slightly blurred'));
    const plainly = detail(await editOne('blurred'));
    const very = detail(await editOne('very blurred'));
    expect(slightly).toBeGreaterThan(plainly);
    expect(plainly).toBeGreaterThan(very);
  });

  it('sepia is brown: more red than green, more green than blue', async () => {
    const [red, green, blue] = means(await editOne('sepia'));
    expect(red).toBeGreaterThan(green + 5);
    expect(green).toBeGreaterThan(blue + 5);
  });

  it('posterize leaves few colours: two dozen cover most of the print, and little of the photograph', async () => {
    const covered = ({ rgb }: Pixels): number => {
      const counts = new Map<number, number>();
      for (let i = 0; i < rgb.length; i += 3) {
        const colour = ((rgb[i] ?? 0) >> 3) * 1024 + ((rgb[i + 1] ?? 0) >> 3) * 32 + ((rgb[i + 2] ?? 0) >> 3);
        counts.set(colour, (counts.get(colour) ?? 0) + 1);
      }
      const most = [...counts.values()].sort((a, b) => b - a).slice(0, 24);
      return most.reduce((sum, count) => sum + count, 0) / (rgb.length / 3);
    };
    expect(covered(original)).toBeLessThan(0.35);
    expect(covered(await editOne('海报'))).toBeGreaterThan(0.45);
  });

  it('pixelate makes square cells of one colour', async () => {
    const { width, rgb } = await editOne('pixel art');
    const cell = Math.round(width / 72);
    const at = (x: number, y: number): number => rgb[(y * width + x) * 3 + 1] ?? 0;
    const inside = Math.abs(
      at(cell * 20 + 1, cell * 10 + 1) - at(cell * 20 + cell - 2, cell * 10 + cell - 2),
    );
    expect(inside).toBeLessThan(8);
  });

  it('a border adds light margins and keeps the picture inside', async () => {
    const framed = await editOne('border');
    expect(framed.width).toBeGreaterThan(original.width);
    expect(framed.height - original.height).toBeGreaterThan(framed.width - original.width - 2);
    expect(framed.rgb[0]).toBeGreaterThan(240);
  });

  it('a sketch is graphite on paper: hardly any colour, mostly light, with dark lines', async () => {
    const { rgb } = await editOne('pencil sketch');
    let colour = 0;
    let dark = 0;
    let light = 0;
    for (let i = 0; i < rgb.length; i += 3) {
      colour += Math.abs((rgb[i] ?? 0) - (rgb[i + 2] ?? 0));
      if ((rgb[i] ?? 0) < 90) dark += 1;
      if ((rgb[i] ?? 0) > 190) light += 1;
    }
    const count = rgb.length / 3;
    expect(colour / count).toBeLessThan(12);
    expect(light / count).toBeGreaterThan(0.4);
    expect(dark / count).toBeGreaterThan(0.01);
  });

  it('a watercolour is flatter than the photograph, on white paper at the edges', async () => {
    const painted = await editOne('make it a watercolor painting');
    expect(detail(painted)).toBeLessThan(detail(original));
    expect(Math.min(...painted.rgb.subarray(0, 3))).toBeGreaterThan(220);
  });

  it('several words work together', async () => {
    const { width, height, rgb } = await editOne('rotate it and make it black and white');
    expect([width, height]).toEqual([original.height, original.width]);
    expect(rgb[0]).toBe(rgb[1]);
  });

  const EVERY_WORD = [
    'grayscale',
    'sepia',
    'vintage',
    'blur',
    'sharpen',
    'invert',
    'brighter',
    'darker',
    'warmer',
    'colder',
    'vivid',
    'muted',
    'dramatic',
    'mirror',
    'upside down',
    'pixelate',
    'sketch',
    'colored pencil',
    'watercolor',
    'oil painting',
    'cartoon',
    'poster',
    'vignette',
    'sunset',
    'night',
    'winter',
    'autumn',
    'cyberpunk',
    'dreamy',
  ];
  it.each(EVERY_WORD)('"%s" visibly changes the picture', async (word) => {
    expect(difference(await editOne(word), original)).toBeGreaterThan(2.5);
  });

  it('a prompt without known words still changes the picture, each prompt in its own way, always the same way', async () => {
    const hat = await editOne('give her a red hat');
    expect(difference(hat, original)).toBeGreaterThan(8);
    expect(difference(hat, await editOne('put it on the moon'))).toBeGreaterThan(4);
    expect(difference(hat, await editOne('give her a red hat'))).toBe(0);
  });
});

describe('variants', () => {
  it.each(['grayscale', 'pencil sketch', 'an unrelated wish'])(
    '"%s" gives different pictures of one size',
    async (prompt) => {
      const images = await edit(prompt, [CHELSEA], 4);
      expect(new Set(images.map(({ bytes }) => createHash('sha256').update(bytes).digest('hex'))).size).toBe(
        4,
      );
      const decoded = await Promise.all(images.map(({ bytes }) => pixels(bytes)));
      for (const [at, one] of decoded.entries()) {
        for (const other of decoded.slice(at + 1)) expect(difference(one, other)).toBeGreaterThan(4);
      }
    },
  );

  it('ten are ten', async () => {
    const images = await edit('mirror', [CHELSEA], 10);
    expect(new Set(images.map(({ bytes }) => Buffer.from(bytes).toString('base64'))).size).toBe(10);
  });
});

describe('several images', () => {
  it('lie beside one another', async () => {
    const together = await editOne('slightly brighter', [CHELSEA, ROCKET]);
    expect(together.width / together.height).toBeGreaterThan(2.5);
  });

  it('lie over one another when the prompt asks for a blend', async () => {
    const blend = await editOne('blend them', [CHELSEA, ROCKET]);
    expect([blend.width, blend.height]).toEqual([original.width, original.height]);
    expect(difference(blend, await editOne('blend them', [CHELSEA]))).toBeGreaterThan(10);
  });
});

describe('input and output', () => {
  it('turns the picture upright by its EXIF orientation', async () => {
    const sideways = await sharp(CHELSEA)
      .rotate(270)
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 95 })
      .toBuffer();
    const upright = await editOne('mirror', [sideways]);
    expect([upright.width, upright.height]).toEqual([original.width, original.height]);
    expect(difference(upright, await editOne('mirror'))).toBeLessThan(4);
  });

  it('puts transparency on white', async () => {
    const clear = await sharp({ create: { width: 200, height: 100, channels: 4, background: '#00000000' } })
      .png()
      .toBuffer();
    expect((await editOne('mirror', [clear])).rgb[0]).toBeGreaterThan(250);
  });

  it('gives JPEG of at most 2048 pixels a side, and of fewer when asked', async () => {
    const wide = await sharp({ create: { width: 5000, height: 1000, channels: 3, background: '#3a7' } })
      .png()
      .toBuffer();
    const [large] = await edit('border', [wide]);
    expect(large?.mimeType).toBe('image/jpeg');
    expect(Math.max(large?.width ?? 0, large?.height ?? 0)).toBe(2048);
    const { images } = await editor.edit({ sources: [wide], prompt: 'mirror', n: 1, maxSide: 1024 }, never);
    expect(images[0]?.width).toBe(1024);
  });

  it('crops to an aspect ratio', async () => {
    const { images } = await editor.edit(
      { sources: [CHELSEA], prompt: 'mirror', n: 1, aspectRatio: 1 },
      never,
    );
    expect(images[0]?.width).toBe(images[0]?.height);
  });

  it('edits a picture of one pixel', async () => {
    const dot = await sharp({ create: { width: 1, height: 1, channels: 3, background: '#a00' } })
      .png()
      .toBuffer();
    for (const prompt of [
      'watercolor',
      'oil painting',
      'sketch',
      'cartoon',
      'pixelate',
      'poster',
      'winter',
      'a wish',
    ]) {
      expect((await edit(prompt, [dot], 2)).map(({ width, height }) => [width, height])).toEqual([
        [1, 1],
        [1, 1],
      ]);
    }
  });

  it('names the image that cannot be read, and no path', async () => {
    const failure = await edit('mirror', [CHELSEA, Buffer.from('not an image')]).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(BadSourceError);
    expect(failure).toMatchObject({ index: 1, message: expect.stringContaining('Not a readable image') });
    const half = (await sharp(CHELSEA).jpeg().toBuffer()).subarray(0, 4000);
    await expect(edit('mirror', [half])).rejects.toBeInstanceOf(BadSourceError);
  });

  it('refuses a pixel bomb', async () => {
    const bomb = await sharp({ create: { width: 11_000, height: 11_000, channels: 3, background: '#000' } })
      .png()
      .toBuffer();
    await expect(edit('mirror', [bomb])).rejects.toThrow(/pixel/i);
  });

  it('carries the label of the simulator in its lower right corner', async () => {
    const grey = await sharp({ create: { width: 400, height: 300, channels: 3, background: '#808080' } })
      .png()
      .toBuffer();
    const { width, height, rgb } = await editOne('mirror', [grey]);
    const corner: number[] = [];
    for (let y = height - 20; y < height - 6; y++)
      for (let x = width - 60; x < width - 6; x++) corner.push(rgb[(y * width + x) * 3] ?? 0);
    expect(Math.min(...corner)).toBeLessThan(100);
    expect(Math.max(...corner)).toBeGreaterThan(170);
  });

  it('stops when nobody waits any more', async () => {
    const gone = AbortSignal.abort(new Error('gone'));
    await expect(editor.edit({ sources: [CHELSEA], prompt: 'mirror', n: 1 }, gone)).rejects.toThrow('gone');
  });
});

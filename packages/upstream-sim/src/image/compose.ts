/** Several pictures into one, crops, variants, and the mark of the simulator. */
import sharp, { type OverlayOptions } from 'sharp';
import { toneCurve } from './colour.ts';
import { fromSharp, type Picture, toSharp } from './picture.ts';
import { randomFrom } from './random.ts';

/** Beside one another at the height of the lowest, with a gap; or laid over one another in equal shares. */
export async function combine(
  pictures: readonly Picture[],
  blend: boolean,
  maxSide: number,
): Promise<Picture> {
  const [first, ...rest] = pictures;
  if (!first) throw new Error('an edit needs at least one picture');
  if (rest.length === 0) return first;
  return blend ? overlay(first, rest) : sideBySide(pictures, maxSide);
}

async function overlay(first: Picture, rest: readonly Picture[]): Promise<Picture> {
  const { width, height } = first;
  const layers: OverlayOptions[] = [];
  for (const [at, picture] of rest.entries()) {
    // The k-th of several layers must be 1/(k+1) opaque for all to count the same.
    const alpha = 1 / (at + 2);
    const input = await toSharp(picture)
      .resize(width, height, { fit: 'cover' })
      .ensureAlpha(alpha)
      .raw()
      .toBuffer();
    layers.push({ input, raw: { width, height, channels: 4 } });
  }
  return fromSharp(toSharp(first).composite(layers));
}

async function sideBySide(pictures: readonly Picture[], maxSide: number): Promise<Picture> {
  const gap = 12;
  const lowest = Math.min(...pictures.map((picture) => picture.height));
  const ratios = pictures.map((picture) => picture.width / picture.height);
  const total = ratios.reduce((sum, ratio) => sum + ratio, 0);
  const height = Math.max(1, Math.floor(Math.min(lowest, (maxSide - gap * (pictures.length - 1)) / total)));
  const layers: OverlayOptions[] = [];
  let left = 0;
  for (const picture of pictures) {
    const width = Math.max(1, Math.round((height * picture.width) / picture.height));
    const input = await toSharp(picture).resize(width, height, { fit: 'fill' }).raw().toBuffer();
    layers.push({ input, raw: { width, height, channels: 3 }, left, top: 0 });
    left += width + gap;
  }
  const canvas = sharp({ create: { width: left - gap, height, channels: 3, background: '#ffffff' } });
  return fromSharp(canvas.composite(layers));
}

/** The largest part in the middle with this width over height. */
export async function cropTo(picture: Picture, ratio: number): Promise<Picture> {
  const width = Math.max(1, Math.min(picture.width, Math.round(picture.height * ratio)));
  const height = Math.max(1, Math.min(picture.height, Math.round(picture.width / ratio)));
  return fromSharp(
    toSharp(picture).extract({
      left: Math.floor((picture.width - width) / 2),
      top: Math.floor((picture.height - height) / 2),
      width,
      height,
    }),
  );
}

/** The picture for variant `index`: the first as it is, each other one nearer, off centre and in another light. */
export async function variantOf(picture: Picture, index: number, seed: number): Promise<Picture> {
  if (index === 0) return picture;
  const random = randomFrom(seed + index);
  const share = 0.93 - 0.035 * (index % 5) - 0.03 * random();
  const width = Math.max(1, Math.round(picture.width * share));
  const height = Math.max(1, Math.round(picture.height * share));
  const cropped = await fromSharp(
    toSharp(picture)
      .extract({
        left: Math.floor((picture.width - width) * random()),
        top: Math.floor((picture.height - height) * random()),
        width,
        height,
      })
      .resize(picture.width, picture.height, { fit: 'fill' }),
  );
  const light = index % 2 === 1 ? 0.86 - 0.02 * index : 1.12 + 0.02 * index;
  const hue = Math.round((random() - 0.5) * 36);
  return fromSharp(
    toSharp(await toneCurve(light)(cropped)).modulate({ hue, saturation: 0.9 + 0.3 * random() }),
  );
}

/** Strokes on a grid 4 wide and 6 high: drawn, not typed, since a machine without fonts would show nothing. */
const LETTERS: Readonly<Record<string, string>> = {
  S: 'M4 0.6H1.2Q0 0.6 0 1.7T1.2 3H2.8Q4 3 4 4.2T2.8 5.4H0',
  I: 'M2 0.6V5.4',
  M: 'M0 5.4V0.6L2 3.4L4 0.6V5.4',
  U: 'M0 0.6V4Q0 5.4 2 5.4T4 4V0.6',
  L: 'M0 0.6V5.4H3.6',
  A: 'M0 5.4L2 0.6L4 5.4M0.8 3.7H3.2',
  T: 'M0 0.6H4M2 0.6V5.4',
  E: 'M3.8 0.6H0V5.4H3.8M0 3H3',
  D: 'M0 0.6H1.8Q4 0.6 4 3T1.8 5.4H0Z',
};

/** Puts a small grey label into the lower right corner: nobody shall take the picture for a model's work. */
export async function markAsSimulated(picture: Picture): Promise<Picture> {
  const side = Math.max(picture.width, picture.height);
  const unit = Math.max(0.9, side / 900);
  const word = [...'SIMULATED'];
  const step = 6;
  const width = Math.ceil((word.length * step + 8) * unit);
  const height = Math.ceil(13 * unit);
  const inset = Math.ceil(8 * unit);
  if (width + inset > picture.width || height + inset > picture.height) return picture;
  const strokes = word.map(
    (letter, at) => `<path transform="translate(${5 + at * step} 3.5)" d="${LETTERS[letter] ?? ''}"/>`,
  );
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width / unit} ${height / unit}">
    <rect width="100%" height="100%" rx="3.5" fill="#000" fill-opacity="0.42"/>
    <g fill="none" stroke="#fff" stroke-opacity="0.9" stroke-width="0.95" stroke-linecap="round" stroke-linejoin="round">${strokes.join('')}</g>
  </svg>`;
  return fromSharp(
    toSharp(picture).composite([
      { input: Buffer.from(svg), left: picture.width - width - inset, top: picture.height - height - inset },
    ]),
  );
}

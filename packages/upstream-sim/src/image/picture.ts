import sharp, { type Sharp } from 'sharp';

// One thread and no cache: edits run beside the code under test, and a simulator must not be what fills the machine.
sharp.concurrency(1);
sharp.cache(false);

/** An image in memory: 8-bit sRGB, three channels, rows from the top. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** width * height * 3 bytes. */
  readonly rgb: Uint8Array;
}

/** A step of an edit. Pure: the input picture stays as it is. */
export type Effect = (picture: Picture) => Promise<Picture>;

/** The picture as the start of a sharp pipeline. */
export function toSharp(picture: Picture): Sharp {
  return sharp(picture.rgb, { raw: { width: picture.width, height: picture.height, channels: 3 } });
}

/** The end of a sharp pipeline as a picture. */
export async function fromSharp(image: Sharp): Promise<Picture> {
  const { data, info } = await image
    .toColourspace('srgb')
    .removeAlpha()
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, rgb: data };
}

/** An image that could not be decoded. The message says why and nothing of its content. */
export class UnreadableImageError extends Error {
  override readonly name: string = 'UnreadableImageError';
}

/**
 * Decodes a file or bytes: upright by its EXIF orientation, transparency on white, at most `maxSide` pixels a side, the
 * first frame of an animation.
 * @throws UnreadableImageError
 */
export async function readPicture(source: string | Uint8Array, maxSide: number): Promise<Picture> {
  try {
    return await fromSharp(
      sharp(source, { failOn: 'error', limitInputPixels: 100_000_000, sequentialRead: true })
        .autoOrient()
        .resize({ width: maxSide, height: maxSide, fit: 'inside', withoutEnlargement: true })
        .flatten({ background: '#ffffff' }),
    );
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'unknown reason';
    // A path of ours in a message to a client would be a leak.
    const safe = typeof source === 'string' ? reason.replaceAll(source, 'file') : reason;
    throw new UnreadableImageError(`Not a readable image: ${safe}`);
  }
}

/** Encodes at a quality that shows no blocks and keeps full colour resolution. */
export async function writeJpeg(image: Sharp): Promise<Uint8Array> {
  return image.jpeg({ quality: 90, chromaSubsampling: '4:4:4' }).toBuffer();
}

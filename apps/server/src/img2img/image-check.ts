import sharp from 'sharp';
import { badRequest } from '../errors/gateway-error.ts';
import { FairLimiter } from './fair-limiter.ts';
import type { ReceivedImage } from './received-form.ts';

// Small and predictable: one thread a decode, nothing kept. The gateway only looks at pictures.
sharp.cache(false);
sharp.concurrency(1);

/** Decodes at once, and how many of them may be of large images, which lie in memory whole. */
const DECODES = 2;
const LARGE_DECODES = 1;
const LARGE_BYTES = 8 * 1024 * 1024;

/** Proves that an image can be decoded to its last row, before anything is paid for. */
export class ImageCheck {
  readonly #decodes = new FairLimiter(DECODES);
  readonly #largeDecodes = new FairLimiter(LARGE_DECODES);
  readonly #maxPixels: number;

  constructor(maxPixels: number) {
    this.#maxPixels = maxPixels;
  }

  /** @throws GatewayError 400 `invalid_image` that names the part; the signal's reason. */
  async check(image: ReceivedImage, owner: object, signal: AbortSignal): Promise<void> {
    using _large = image.bytes > LARGE_BYTES ? await this.#largeDecodes.acquire(owner, signal) : undefined;
    using _permit = await this.#decodes.acquire(owner, signal);
    const bytes = await contentOf(image);
    try {
      // Shrinking reads every row and keeps none; `truncated` fails on any that is missing.
      await sharp(bytes, { limitInputPixels: this.#maxPixels, failOn: 'truncated', sequentialRead: true })
        .resize(16, 16, { fit: 'fill' })
        .raw()
        .toBuffer();
    } catch (error) {
      throw this.#refusal(image, error);
    }
    signal.throwIfAborted();
  }

  #refusal({ param, filename }: ReceivedImage, cause: unknown): Error {
    const bomb = cause instanceof Error && /pixel limit/i.test(cause.message);
    const what = bomb
      ? `has more than ${Math.floor(this.#maxPixels / 1_000_000)} million pixels`
      : 'is damaged or cut short';
    return badRequest(`${param} ("${filename}") ${what}.`, { code: 'invalid_image', param, cause });
  }
}

/** The whole image in one piece of memory; collecting slices first would need it twice. */
async function contentOf({ spool, bytes }: ReceivedImage): Promise<Buffer> {
  const content = Buffer.allocUnsafeSlow(bytes);
  let at = 0;
  for await (const slice of spool.read()) {
    content.set(slice, at);
    at += slice.byteLength;
  }
  return content;
}

import sharp from 'sharp';
import { FairLimiter } from '../admission/fair-limiter.ts';
import type { Turn } from '../admission/turn.ts';
import { badRequest } from '../errors/gateway-error.ts';
import type { ReceivedImage } from './received-form.ts';

// Small and predictable: one thread a decode, nothing kept. The gateway only looks at pictures.
sharp.cache(false);
sharp.concurrency(1);

/** Decodes at once, and how many of them may be of large images, which lie in memory whole. */
const DECODES = 2;
const LARGE_DECODES = 1;
const LARGE_BYTES = 8 * 1024 * 1024;

export interface CheckOptions {
  readonly turn: Turn;
  /** Whether every image is decoded, also one that is whole by its structure. */
  readonly decodeAll: boolean;
  /** One more is a pixel bomb. */
  readonly maxPixels: number;
  readonly signal: AbortSignal;
}

/**
 * Makes sure before anything is paid for that an image is whole and of a bearable size: by the structure that was seen while it
 * came in, and where that leaves a doubt by decoding it to its last row.
 */
export class ImageCheck {
  readonly #decodes = new FairLimiter(DECODES);
  readonly #largeDecodes = new FairLimiter(LARGE_DECODES);
  /**
   * Large images take turns in one piece of memory: a new one for each would wait for the garbage collector by the dozen. It is
   * kept while somebody waits for it.
   */
  #turns: Buffer | undefined;
  #takingTurns = 0;

  /** @throws GatewayError 400 `invalid_image` that names the part; the signal's reason. */
  async check(image: ReceivedImage, { turn, decodeAll, maxPixels, signal }: CheckOptions): Promise<void> {
    if (image.finding.type === 'whole') {
      const { width, height } = image.finding.size;
      if (width * height > maxPixels) throw tooManyPixels(image, maxPixels);
      if (!decodeAll) return;
    }
    if (image.bytes <= LARGE_BYTES) {
      using _permit = await this.#decodes.acquire(turn, signal);
      return await decode(image, { into: Buffer.allocUnsafeSlow(image.bytes), maxPixels, signal });
    }
    this.#takingTurns += 1;
    try {
      using _turn = await this.#largeDecodes.acquire(turn, signal);
      using _permit = await this.#decodes.acquire(turn, signal);
      await decode(image, { into: this.#turnsOf(image.bytes), maxPixels, signal });
    } finally {
      this.#takingTurns -= 1;
      if (this.#takingTurns === 0) this.#turns = undefined;
    }
  }

  #turnsOf(byteLength: number): Buffer {
    if (this.#turns === undefined || this.#turns.byteLength < byteLength) {
      this.#turns = Buffer.allocUnsafeSlow(byteLength);
    }
    return this.#turns.subarray(0, byteLength);
  }
}

interface DecodeOptions {
  /** As long as the image; it is free again when the decoding settles. */
  readonly into: Buffer;
  readonly maxPixels: number;
  readonly signal: AbortSignal;
}

async function decode(image: ReceivedImage, { into, maxPixels, signal }: DecodeOptions): Promise<void> {
  const bytes = await contentOf(image, into);
  try {
    // Shrinking reads every row and keeps none; `truncated` fails on any that is missing.
    await sharp(bytes, { limitInputPixels: maxPixels, failOn: 'truncated', sequentialRead: true })
      .resize(16, 16, { fit: 'fill' })
      .raw()
      .toBuffer();
  } catch (error) {
    throw refusal(image, maxPixels, error);
  }
  signal.throwIfAborted();
}

function refusal(image: ReceivedImage, maxPixels: number, cause: unknown): Error {
  const bomb = cause instanceof Error && /pixel limit/i.test(cause.message);
  return bomb ? tooManyPixels(image, maxPixels) : invalid(image, 'is damaged or cut short', cause);
}

const tooManyPixels = (image: ReceivedImage, maxPixels: number): Error =>
  invalid(image, `has more than ${Math.floor(maxPixels / 1_000_000)} million pixels`);

function invalid({ param, filename }: ReceivedImage, what: string, cause?: unknown): Error {
  return badRequest(`${param} ("${filename}") ${what}.`, { code: 'invalid_image', param, cause });
}

/** The whole image in one piece of memory; collecting slices first would need it twice. */
async function contentOf({ spool }: ReceivedImage, into: Buffer): Promise<Buffer> {
  let at = 0;
  for await (const slice of spool.read()) {
    into.set(slice, at);
    at += slice.byteLength;
  }
  return into;
}

import { combine, cropTo, markAsSimulated, variantOf } from './compose.ts';
import { effectOf, lookOf } from './effects.ts';
import { fromSharp, type Picture, readPicture, toSharp, UnreadableImageError, writeJpeg } from './picture.ts';
import { readPrompt } from './prompt-words.ts';
import { seedOf } from './random.ts';
import { Semaphore } from './semaphore.ts';

export interface EditInput {
  /** Paths or bytes of JPEG, PNG, WebP, AVIF, GIF or TIFF; at least one. */
  readonly sources: readonly (string | Uint8Array)[];
  readonly prompt: string;
  /** How many different results. */
  readonly n: number;
  /** Width over height; the input's own when absent. */
  readonly aspectRatio?: number | undefined;
  /** The longest side of a result in pixels. Default 2048, which is also the most. */
  readonly maxSide?: number;
}

export interface EditedImage {
  readonly bytes: Uint8Array;
  readonly mimeType: 'image/jpeg';
  readonly width: number;
  readonly height: number;
}

export interface Edit {
  readonly images: readonly EditedImage[];
  /** What was done, in words, such as `grayscale, blur`. */
  readonly description: string;
}

/** A source that could not be read: `index` says which. */
export class BadSourceError extends Error {
  override readonly name: string = 'BadSourceError';
  readonly index: number;

  constructor(index: number, cause: UnreadableImageError) {
    super(cause.message, { cause });
    this.index = index;
  }
}

const MOST_PIXELS_A_SIDE = 2048;

/**
 * Edits pictures as a prompt says, without any model: known words pick and combine effects, unknown words get a look of
 * their own. The same prompt and images give the same bytes.
 */
export class ImageEditor {
  readonly #places: Semaphore;

  /** `maxConcurrent` edits run at once, the others wait: each holds some tens of megabytes. */
  constructor(maxConcurrent = 2) {
    this.#places = new Semaphore(maxConcurrent);
  }

  /**
   * An aborted edit rejects at once; its place is free as soon as the step that it is in has ended.
   * @throws BadSourceError, or the signal's reason.
   */
  edit(input: EditInput, signal: AbortSignal): Promise<Edit> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => reject(signal.reason);
      signal.addEventListener('abort', giveUp, { once: true });
      this.#places
        .run(signal, () => this.#edit(input, signal))
        .finally(() => signal.removeEventListener('abort', giveUp))
        .then(resolve, reject);
    });
  }

  async #edit(input: EditInput, signal: AbortSignal): Promise<Edit> {
    const maxSide = Math.min(MOST_PIXELS_A_SIDE, input.maxSide ?? MOST_PIXELS_A_SIDE);
    const prompt = readPrompt(input.prompt);
    const seed = seedOf(input.prompt.trim().toLowerCase());

    const pictures: Picture[] = [];
    for (const [index, source] of input.sources.entries()) {
      pictures.push(await readSource(source, index, maxSide));
    }
    let base = await combine(pictures, prompt.blend, maxSide);
    if (input.aspectRatio !== undefined) base = await cropTo(base, input.aspectRatio);

    const images: EditedImage[] = [];
    for (let index = 0; index < input.n; index++) {
      let picture = await variantOf(base, index, seed);
      const effects =
        prompt.operations.length > 0
          ? prompt.operations.map((operation) => effectOf(operation, { ...prompt, seed: seed + index }))
          : [lookOf(seed)];
      for (const effect of effects) {
        signal.throwIfAborted();
        picture = await effect(picture);
      }
      images.push(await finish(picture, maxSide));
    }
    return {
      images,
      description: prompt.operations.join(', ') || 'a look made from the words of the prompt',
    };
  }
}

async function readSource(source: string | Uint8Array, index: number, maxSide: number): Promise<Picture> {
  try {
    return await readPicture(source, maxSide);
  } catch (error) {
    if (error instanceof UnreadableImageError) throw new BadSourceError(index, error);
    throw error;
  }
}

async function finish(picture: Picture, maxSide: number): Promise<EditedImage> {
  const sized =
    Math.max(picture.width, picture.height) > maxSide
      ? await fromSharp(toSharp(picture).resize({ width: maxSide, height: maxSide, fit: 'inside' }))
      : picture;
  const marked = await markAsSimulated(sized);
  const bytes = await writeJpeg(toSharp(marked));
  return { bytes, mimeType: 'image/jpeg', width: marked.width, height: marked.height };
}

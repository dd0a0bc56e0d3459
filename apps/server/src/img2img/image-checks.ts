import type { Turn } from '../admission/turn.ts';
import type { CheckOptions, ImageCheck } from './image-check.ts';
import type { Listener } from './progress.ts';
import type { ReceivedImage } from './received-form.ts';

/** The checks of one request's images, each begun when its image is whole. Dispose of it before the spools. */
export class ImageChecks implements AsyncDisposable {
  readonly #check: ImageCheck;
  readonly #signal: AbortSignal;
  readonly #listen: Listener;
  readonly #turn: Turn;
  readonly #decodeAll: boolean;
  readonly #maxPixels: number;
  readonly #left = new AbortController();
  readonly #checks = new Map<ReceivedImage, Promise<void>>();

  constructor(
    check: ImageCheck,
    { turn, decodeAll, maxPixels, signal, listen }: CheckOptions & { readonly listen: Listener },
  ) {
    this.#check = check;
    this.#turn = turn;
    this.#decodeAll = decodeAll;
    this.#maxPixels = maxPixels;
    this.#signal = AbortSignal.any([signal, this.#left.signal]);
    this.#listen = listen;
  }

  /** @throws GatewayError 400 `invalid_image` that names the part; the signal's reason. */
  begin(image: ReceivedImage): Promise<void> {
    const check = this.#run(image);
    check.catch(() => undefined);
    this.#checks.set(image, check);
    return check;
  }

  /**
   * Waits for the checks of all these images, in whose order the first refusal is found.
   * @throws as `begin` does.
   */
  async passed(images: readonly ReceivedImage[]): Promise<void> {
    for (const image of images) await (this.#checks.get(image) ?? this.begin(image));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#left.abort(new Error('the request has ended'));
    await Promise.allSettled(this.#checks.values());
  }

  async #run(image: ReceivedImage): Promise<void> {
    const { index, filename, bytes } = image;
    await this.#check.check(image, {
      turn: this.#turn,
      decodeAll: this.#decodeAll,
      maxPixels: this.#maxPixels,
      signal: this.#signal,
    });
    this.#listen({ event: 'image', data: { index, filename, bytes } });
  }
}

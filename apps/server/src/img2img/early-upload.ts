import { type Clock, systemClock, type UploadResult } from '@ferry/core';
import { GrowthWatch, type SlowClientLimits } from './growth-watch.ts';
import type { GrowingImage } from './received-form.ts';
import type { GrowingSlot } from './upload-slots.ts';

/** Uploads an image, and stops the moment the signal aborts. */
export type Upload = (signal: AbortSignal) => Promise<UploadResult>;

/**
 * An upload that began while its image was still coming in. It holds its place until it ends. What it cannot do because the
 * image was not all there (the client stalled, or an attempt failed meanwhile) is no failure: the image is uploaded again
 * when it is whole.
 */
export class EarlyUpload {
  readonly #stop = new AbortController();
  readonly #outcome: Promise<UploadResult | undefined>;

  constructor(
    image: GrowingImage,
    slot: GrowingSlot,
    limits: SlowClientLimits,
    upload: Upload,
    clock: Clock = systemClock,
  ) {
    this.#outcome = this.#run(image, slot, limits, upload, clock);
    // Whoever wants it asks later; until then its failure must not count as unhandled.
    this.#outcome.catch(() => undefined);
  }

  /**
   * What came of it: undefined when the image has to be uploaded again. Cancels it when the signal aborts.
   * @throws what the upload of the whole image failed with.
   */
  async outcome(signal: AbortSignal): Promise<UploadResult | undefined> {
    const onAbort = (): void => this.#stop.abort(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await this.#outcome;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Stops it. Resolves when nothing of it runs and its place is free. */
  async cancel(reason: unknown): Promise<void> {
    this.#stop.abort(reason);
    await this.#outcome.catch(() => undefined);
  }

  async #run(
    { spool }: GrowingImage,
    slot: GrowingSlot,
    limits: SlowClientLimits,
    upload: Upload,
    clock: Clock,
  ): Promise<UploadResult | undefined> {
    using place = slot;
    using _watch = new GrowthWatch(spool, limits, clock, (reason) => this.#stop.abort(new Error(reason)));
    spool.whole().then(
      () => place.becomeWhole(),
      // Rather than as a body that cannot be read, which the engine would log as the transport's trouble.
      (error: unknown) => this.#stop.abort(error),
    );
    try {
      return await upload(this.#stop.signal);
    } catch (error) {
      if (this.#stop.signal.aborted || spool.byteLength === undefined) return undefined;
      throw error;
    }
  }
}

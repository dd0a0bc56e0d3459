import { Injectable } from '@nestjs/common';
import type { RuntimeConfig } from '../settings/runtime-config.ts';
import { RuntimeSettings } from '../settings/runtime-settings.ts';
import { FairLimiter, type Permit } from './fair-limiter.ts';

/** A place for an upload whose image still comes in. */
export interface GrowingSlot extends Disposable {
  /** The image is whole: the place is an ordinary one from now on. */
  becomeWhole(): void;
}

/**
 * The places for uploads. An image that still comes in takes one only if it is free at once, and at most half of them are
 * held so: whatever slow clients do, the other half serves images that are whole.
 */
@Injectable()
export class UploadSlots {
  readonly #all = new FairLimiter(0);
  readonly #growing = new FairLimiter(0);
  /** On shared connections a slow client holds one of few (over HTTP/1.1 all of it), which edits need as well. */
  readonly #growingShared = new FairLimiter(0);

  constructor(settings: RuntimeSettings) {
    this.#resize(settings.current);
    settings.onChange(({ after }) => this.#resize(after));
  }

  /** A place for an image that is whole. Rejects with the signal's reason when that aborts first. */
  acquire(owner: object, signal: AbortSignal): Promise<Permit> {
    return this.#all.acquire(owner, signal);
  }

  /** A place for an image that still comes in; undefined when none is to be had now. */
  tryGrowing({ reuseSession }: { readonly reuseSession: boolean }): GrowingSlot | undefined {
    using taken = new DisposableStack();
    const growing = taken.use(new DisposableStack());
    for (const limiter of reuseSession ? [this.#growing, this.#growingShared] : [this.#growing]) {
      const share = limiter.tryAcquire();
      if (share === undefined) return undefined;
      growing.use(share);
    }
    const place = this.#all.tryAcquire();
    if (place === undefined) return undefined;
    taken.use(place);
    const all = taken.move();
    return {
      becomeWhole: () => growing.dispose(),
      [Symbol.dispose]: () => all.dispose(),
    };
  }

  #resize({ upload, pool }: Pick<RuntimeConfig, 'upload' | 'pool'>): void {
    const half = (size: number): number => (upload.cut_through ? Math.floor(size / 2) : 0);
    this.#all.resize(upload.concurrency);
    this.#growing.resize(half(upload.concurrency));
    this.#growingShared.resize(half(pool.max_connections));
  }
}

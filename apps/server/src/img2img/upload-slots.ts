import { Inject, Injectable } from '@nestjs/common';
import { FairLimiter, type LineState } from '../admission/fair-limiter.ts';
import { ProviderPlaces } from '../admission/provider-places.ts';
import type { Turn } from '../admission/turn.ts';
import { CONFIG } from '../config/config.module.ts';
import type { Config } from '../config/schema.ts';
import type { RuntimeConfig } from '../settings/runtime-config.ts';
import { RuntimeSettings } from '../settings/runtime-settings.ts';

/** What a place is for. */
export interface SlotRoute {
  readonly upstream: { readonly name: string };
  readonly reuseSession: boolean;
}

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
  readonly #providers: ProviderPlaces;
  readonly #all = new FairLimiter(0);
  readonly #growing = new FairLimiter(0);
  /** On shared connections a slow client holds one of few (over HTTP/1.1 all of it), which edits need as well. */
  readonly #growingShared = new FairLimiter(0);
  /** Of the places at one provider. */
  readonly #growingAt: ReadonlyMap<string, { readonly size: number; readonly limiter: FairLimiter }>;

  constructor(
    settings: RuntimeSettings,
    providers: ProviderPlaces,
    @Inject(CONFIG) { provider }: Pick<Config, 'provider'>,
  ) {
    this.#providers = providers;
    this.#growingAt = new Map(
      provider.map(({ name, concurrency }) => [name, { size: concurrency, limiter: new FairLimiter(0) }]),
    );
    this.#resize(settings.current);
    settings.onChange(({ after }) => this.#resize(after));
  }

  /** What is uploaded and what waits, for people to look at. */
  get state(): LineState {
    return this.#all.state;
  }

  /**
   * A place for an image that is whole.
   * @throws GatewayError 503 `overloaded`; the signal's reason.
   */
  async acquire({ upstream }: SlotRoute, turn: Turn, signal: AbortSignal): Promise<Disposable> {
    using taken = new DisposableStack();
    // The provider's first: who waits for a slow one must not hold what others could use.
    taken.use(await this.#providers.acquire(upstream.name, turn, signal));
    taken.use(await this.#all.acquire(turn, signal));
    return taken.move();
  }

  /** A place for an image that still comes in; undefined when none is to be had now. */
  tryGrowing({ upstream, reuseSession }: SlotRoute, turn: Turn): GrowingSlot | undefined {
    using taken = new DisposableStack();
    const growing = taken.use(new DisposableStack());
    const shares = [
      this.#growing,
      ...(reuseSession ? [this.#growingShared] : []),
      this.#growingAt.get(upstream.name)?.limiter ?? [],
    ].flat();
    for (const limiter of shares) {
      const share = limiter.tryAcquire(turn);
      if (share === undefined) return undefined;
      growing.use(share);
    }
    const atProvider = this.#providers.tryAcquire(upstream.name, turn);
    if (atProvider === undefined) return undefined;
    taken.use(atProvider);
    const place = this.#all.tryAcquire(turn);
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
    for (const { size, limiter } of this.#growingAt.values()) limiter.resize(half(size));
  }
}

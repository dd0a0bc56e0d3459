import type { Random } from '../retry/backoff.ts';
import { type Clock, systemClock } from '../time/clock.ts';
import {
  type Credential,
  type CredentialLease,
  type CredentialOutlook,
  type CredentialSource,
  type CredentialState,
  checkSecret,
} from './credential.ts';
import { type KeyChange, PooledKey, type RestPolicy } from './pooled-key.ts';

/** A change of one key, for logs and metrics. */
export type CredentialEvent = { readonly alias: string } & KeyChange;

export interface CredentialPoolOptions extends Partial<RestPolicy> {
  readonly clock?: Clock;
  /** Spreads the rests of refused keys. Default `Math.random`. */
  readonly random?: Random;
  /** Hears of every change of a key. Must not throw. */
  onEvent?(event: CredentialEvent): void;
}

const DEFAULT_REST_POLICY: RestPolicy = {
  limitedMs: 1_000,
  maxLimitedMs: 3_600_000,
  refusedMs: 5_000,
  maxRefusedMs: 600_000,
};

/**
 * Several keys of one upstream. An attempt gets the key with the fewest attempts under way, and among equals the one used
 * longest ago. A key that is limited rests as long as the upstream asks. A key that is refused rests too; then exactly one
 * request finds out whether it still is, while the others use other keys. No request does that for more than one key while
 * another one serves: five revoked keys must not take up all the attempts of those who could use a sixth.
 */
export class CredentialPool implements CredentialSource {
  readonly #keys: readonly PooledKey[];
  readonly #clock: Clock;
  readonly #onEvent: ((event: CredentialEvent) => void) | undefined;
  #order = 0;

  /** @throws TypeError when there is no credential, an alias is used twice, or a secret cannot be a header value. */
  constructor(credentials: readonly Credential[], options: CredentialPoolOptions = {}) {
    if (credentials.length === 0) throw new TypeError('a credential pool needs at least one credential');
    const aliases = new Set<string>();
    for (const credential of credentials) {
      checkSecret(credential);
      if (aliases.has(credential.alias))
        throw new TypeError(`two credentials are called ${credential.alias}`);
      aliases.add(credential.alias);
    }
    const { clock = systemClock, random = Math.random, onEvent, ...rest } = options;
    const policy = { ...DEFAULT_REST_POLICY, ...rest };
    this.#keys = credentials.map((credential) => new PooledKey(credential, policy, random));
    this.#clock = clock;
    this.#onEvent = onEvent?.bind(options);
  }

  outlook(refused: ReadonlySet<string>, mayProbe = true): CredentialOutlook {
    const now = this.#clock.now();
    const keys = this.#keysOutside(refused);
    if (keys.length === 0) return { type: 'none' };
    if (nextOf(keys, now, mayProbe) !== undefined) return { type: 'ready' };
    // A limited key is sure to come back; what a refused one will say nobody knows.
    const limited = keys.filter((key) => !key.isRefused());
    return {
      type: 'resting',
      restMs: soonest(limited.length > 0 ? limited : keys, now),
      cause: limited.length > 0 ? 'limited' : 'refused',
    };
  }

  take(refused: ReadonlySet<string>, mayProbe = true): CredentialLease | undefined {
    const now = this.#clock.now();
    const key = nextOf(this.#keysOutside(refused), now, mayProbe);
    return key === undefined ? undefined : this.#lease(key, now);
  }

  only(alias: string): CredentialSource {
    const key = this.#keys.find(({ credential }) => credential.alias === alias);
    const canServe = (refused: ReadonlySet<string>): boolean =>
      key !== undefined && (key.isRefused() || key.isReady(this.#clock.now())) && !refused.has(alias);
    const source: CredentialSource = {
      outlook: (refused) => {
        if (key === undefined || refused.has(alias)) return { type: 'none' };
        if (canServe(refused)) return { type: 'ready' };
        return { type: 'resting', restMs: key.restMs(this.#clock.now()), cause: 'limited' };
      },
      take: (refused) =>
        key !== undefined && canServe(refused) ? this.#lease(key, this.#clock.now()) : undefined,
      only: (other) => (other === alias ? source : this.only(other)),
      list: () => this.list().filter((state) => state.alias === alias),
    };
    return source;
  }

  /** In the order given. */
  list(): CredentialState[] {
    const now = this.#clock.now();
    return this.#keys.map((key) => key.state(now));
  }

  #lease(key: PooledKey, now: number): CredentialLease {
    this.#order += 1;
    const order = this.#order;
    const probe = key.take(now, order);
    if (probe) this.#tell(key, { type: 'probing' });
    let held = true;
    return {
      credential: key.credential,
      probe,
      release: (use = {}) => {
        if (!held) return;
        held = false;
        const mayRest = use.status !== 403 || this.#hasOther(key);
        const change = key.settle(use, { now: this.#clock.now(), order, probe, mayRest });
        if (change !== undefined) this.#tell(key, change);
      },
    };
  }

  /**
   * A 403 can be about what one key's account may do instead of the key. It never takes out the last key that is not refused, so
   * that one odd request cannot stop all the others.
   */
  #hasOther(key: PooledKey): boolean {
    return this.#keys.some((other) => other !== key && !other.isRefused());
  }

  #keysOutside(refused: ReadonlySet<string>): PooledKey[] {
    return this.#keys.filter(({ credential }) => !refused.has(credential.alias));
  }

  #tell(key: PooledKey, change: KeyChange): void {
    this.#onEvent?.({ alias: key.credential.alias, ...change });
  }
}

function nextOf(keys: readonly PooledKey[], now: number, mayProbe: boolean): PooledKey | undefined {
  // A probe that is due comes first: its request can still move on, and until then the key serves nobody.
  const due =
    mayProbe || keys.every((key) => key.isRefused()) ? keys.find((key) => key.isDueForProbe(now)) : undefined;
  return due ?? leastLoaded(keys.filter((key) => key.isReady(now)));
}

function leastLoaded(keys: readonly PooledKey[]): PooledKey | undefined {
  let best: PooledKey | undefined;
  for (const key of keys) {
    const isLess =
      best === undefined ||
      key.inFlight < best.inFlight ||
      (key.inFlight === best.inFlight && key.lastOrder < best.lastOrder);
    if (isLess) best = key;
  }
  return best;
}

function soonest(keys: readonly PooledKey[], now: number): number {
  return Math.min(...keys.map((key) => key.restMs(now)));
}

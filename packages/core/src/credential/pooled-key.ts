import type { Random } from '../retry/backoff.ts';
import type { Credential, CredentialState, CredentialUse } from './credential.ts';

/** How long keys rest, in milliseconds. */
export interface RestPolicy {
  /** After a 429 that names no time; doubles with each further one in a row. Default 1 000. */
  readonly limitedMs: number;
  /** The longest rest after a 429, whatever it asks for. Default 3 600 000. */
  readonly maxLimitedMs: number;
  /**
   * After a 401 or 403, less up to a fifth by chance, so that keys which were refused together are not probed together; doubles
   * with each probe that is refused again. Default 5 000.
   */
  readonly refusedMs: number;
  /** The longest rest between two probes. Default 600 000. */
  readonly maxRefusedMs: number;
}

/** What happened to a key, for metrics and logs. A closed set. */
export type KeyChange =
  | { readonly type: 'limited'; readonly restMs: number }
  | { readonly type: 'refused'; readonly restMs: number; readonly status: number }
  | { readonly type: 'probing' }
  | { readonly type: 'restored' };

type Condition =
  | { readonly type: 'ready' }
  | { readonly type: 'limited'; readonly until: number }
  | { readonly type: 'refused'; readonly until: number; readonly restMs: number }
  | { readonly type: 'probing'; readonly restMs: number };

/** The longest rest that a 429 without Retry-After, or with one of nothing, leads to. */
const MAX_GUESSED_MS = 60_000;

/** One key of a pool: what is known of it, and how answers change that. Times come from the caller. */
export class PooledKey {
  readonly credential: Credential;
  readonly #policy: RestPolicy;
  readonly #random: Random;
  #condition: Condition = { type: 'ready' };
  /** 429s without a time, in a row. */
  #guesses = 0;
  /** `order` of the lease after which it was refused. */
  #refusedAfter = 0;
  /** `order` of the newest lease that was accepted. */
  #acceptedAt = 0;
  inFlight = 0;
  taken = 0;
  /** `order` of the last lease; the key used longest ago has the smallest. */
  lastOrder = 0;

  constructor(credential: Credential, policy: RestPolicy, random: Random) {
    this.credential = credential;
    this.#policy = policy;
    this.#random = random;
  }

  isReady(now: number): boolean {
    const condition = this.#condition;
    return condition.type === 'ready' || (condition.type === 'limited' && condition.until <= now);
  }

  /** Refused, rested, and nobody is finding out yet. */
  isDueForProbe(now: number): boolean {
    return this.#condition.type === 'refused' && this.#condition.until <= now;
  }

  isRefused(): boolean {
    return this.#condition.type === 'refused' || this.#condition.type === 'probing';
  }

  /** Milliseconds until it may be used. While a probe runs nobody knows: the first rest is the guess. */
  restMs(now: number): number {
    const condition = this.#condition;
    switch (condition.type) {
      case 'ready':
        return 0;
      case 'limited':
      case 'refused':
        return Math.max(0, condition.until - now);
      case 'probing':
        return this.#policy.refusedMs;
    }
  }

  /** Marks the key as used; true when this use is the probe. */
  take(now: number, order: number): boolean {
    this.inFlight += 1;
    this.taken += 1;
    this.lastOrder = order;
    const condition = this.#condition;
    if (condition.type !== 'refused' || condition.until > now) return false;
    this.#condition = { type: 'probing', restMs: condition.restMs };
    return true;
  }

  /**
   * The end of a use that began as `order`. `mayRest` says whether a 403 may take the key out.
   * @returns what changed for others.
   */
  settle(
    { status, retryAfterMs }: CredentialUse,
    use: { readonly now: number; readonly order: number; readonly probe: boolean; readonly mayRest: boolean },
  ): KeyChange | undefined {
    this.inFlight -= 1;
    if (status === 401 || status === 403) return this.#refused(status, use);
    if (status === 429) return this.#limited(retryAfterMs, use);
    if (status !== undefined && status < 300) return this.#accepted(use);
    if (use.probe) this.#probeAgain(use.now);
    return undefined;
  }

  state(now: number): CredentialState {
    const { type } = this.#condition;
    return {
      alias: this.credential.alias,
      state: this.isReady(now) ? 'ready' : type,
      inFlight: this.inFlight,
      restMs: this.restMs(now),
      taken: this.taken,
    };
  }

  #refused(
    status: number,
    use: { readonly now: number; readonly order: number; readonly probe: boolean; readonly mayRest: boolean },
  ): KeyChange | undefined {
    const condition = this.#condition;
    const { refusedMs, maxRefusedMs } = this.#policy;
    if (condition.type === 'probing' && use.probe) {
      return this.#rest(Math.min(condition.restMs * 2, maxRefusedMs), status, use);
    }
    // Requests that were under way when it was refused come back refused as well: they say nothing new.
    if (this.isRefused() || !use.mayRest) return undefined;
    // A 403 is told when its request is over, and the key may have served others since.
    if (status === 403 && this.#acceptedAt > use.order) return undefined;
    return this.#rest(refusedMs, status, use);
  }

  /** `wholeMs` is without chance: the next rest is twice of that. */
  #rest(
    wholeMs: number,
    status: number,
    { now, order }: { readonly now: number; readonly order: number },
  ): KeyChange {
    const restMs = wholeMs * (1 - this.#random() / 5);
    this.#condition = { type: 'refused', until: now + restMs, restMs: wholeMs };
    this.#refusedAfter = Math.max(order, this.lastOrder);
    return { type: 'refused', restMs, status };
  }

  #limited(
    retryAfterMs: number | undefined,
    { now, probe }: { readonly now: number; readonly probe: boolean },
  ): KeyChange | undefined {
    const condition = this.#condition;
    if (this.isRefused() && !probe) return undefined;
    const guess = Math.min(this.#policy.limitedMs * 2 ** this.#guesses, MAX_GUESSED_MS);
    // "Now" is no rest: the key would be limited again, and all the attempts of a request with it.
    const isTold = retryAfterMs !== undefined && retryAfterMs > 0;
    if (!isTold) this.#guesses += 1;
    const restMs = Math.min(isTold ? retryAfterMs : guess, this.#policy.maxLimitedMs);
    const until = now + restMs;
    // Answers of requests under way arrive in any order: a shorter rest never replaces a longer one.
    if (condition.type === 'limited' && condition.until >= until) return undefined;
    this.#condition = { type: 'limited', until };
    return { type: 'limited', restMs };
  }

  #accepted({ order, probe }: { readonly order: number; readonly probe: boolean }): KeyChange | undefined {
    this.#guesses = 0;
    this.#acceptedAt = Math.max(this.#acceptedAt, order);
    // An answer to what was sent before the refusal does not take it back.
    if (!this.isRefused() || !(probe || order > this.#refusedAfter)) return undefined;
    this.#condition = { type: 'ready' };
    return { type: 'restored' };
  }

  /** The probe told nothing: the next request may try. */
  #probeAgain(now: number): void {
    if (this.#condition.type !== 'probing') return;
    this.#condition = { type: 'refused', until: now, restMs: this.#condition.restMs };
  }
}

import { type Clock, systemClock } from '../time/clock.ts';

/** A key the operator owns. */
export interface Credential {
  /** A name that may be logged and used as a label. */
  readonly alias: string;
  /** Sent as `authorization: Bearer ...`; never logged. */
  readonly secret: string;
}

/** Where attempts get their credential. */
export interface CredentialSource {
  /** A credential whose alias is not in `tried`; undefined when there is none. */
  take(tried: ReadonlySet<string>): Credential | undefined;
  /** Tells how the upstream answered, so that a refused or limited key can rest. */
  report(alias: string, status: number, retryAfterMs?: number): void;
}

export interface CredentialPoolOptions {
  /** Rest after a 429 that names no time, in milliseconds. Default 10 000. */
  readonly limitedMs?: number;
  /** The longest rest after a 429, whatever it asks for, in milliseconds. Default 3 600 000. */
  readonly maxLimitedMs?: number;
  /** Rest after a 401 or 403, in milliseconds. Default 600 000. */
  readonly refusedMs?: number;
  readonly clock?: Clock;
}

/** A credential as metrics and pages see it. */
export interface CredentialState {
  readonly alias: string;
  readonly state: 'ready' | 'limited' | 'refused';
  /** Milliseconds until it is ready; 0 when it is. */
  readonly restMs: number;
  /** How often it was handed out. */
  readonly taken: number;
}

interface Entry {
  readonly credential: Credential;
  rest: 'limited' | 'refused';
  restUntil: number;
  taken: number;
}

/**
 * Several keys, used in turn. A key that was limited or refused rests; when all of them rest, the one that is ready
 * first is handed out all the same, since only the upstream knows whether it still refuses.
 */
export class CredentialPool implements CredentialSource {
  readonly #entries: readonly Entry[];
  readonly #limitedMs: number;
  readonly #maxLimitedMs: number;
  readonly #refusedMs: number;
  readonly #clock: Clock;
  #next = 0;

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
    this.#entries = credentials.map((credential) => ({
      credential,
      rest: 'limited',
      restUntil: 0,
      taken: 0,
    }));
    this.#limitedMs = options.limitedMs ?? 10_000;
    this.#maxLimitedMs = options.maxLimitedMs ?? 3_600_000;
    this.#refusedMs = options.refusedMs ?? 600_000;
    this.#clock = options.clock ?? systemClock;
  }

  take(tried: ReadonlySet<string>): Credential | undefined {
    const now = this.#clock.now();
    let best: { readonly entry: Entry; readonly index: number; readonly restMs: number } | undefined;
    for (let step = 0; step < this.#entries.length; step += 1) {
      const index = (this.#next + step) % this.#entries.length;
      const entry = this.#entries[index];
      if (entry === undefined || tried.has(entry.credential.alias)) continue;
      const restMs = restLeft(entry, now);
      if (best === undefined || restMs < best.restMs) best = { entry, index, restMs };
      if (restMs === 0) break;
    }
    if (best === undefined) return undefined;
    this.#next = (best.index + 1) % this.#entries.length;
    best.entry.taken += 1;
    return best.entry.credential;
  }

  report(alias: string, status: number, retryAfterMs?: number): void {
    const entry = this.#entries.find((candidate) => candidate.credential.alias === alias);
    if (entry === undefined) return;
    if (status === 429)
      this.#rest(entry, 'limited', Math.min(retryAfterMs ?? this.#limitedMs, this.#maxLimitedMs));
    else if (status === 401 || status === 403) this.#rest(entry, 'refused', this.#refusedMs);
  }

  /** Every credential by alias, in the order given; never a secret. */
  list(): CredentialState[] {
    const now = this.#clock.now();
    return this.#entries.map((entry) => {
      const restMs = restLeft(entry, now);
      return {
        alias: entry.credential.alias,
        state: restMs === 0 ? 'ready' : entry.rest,
        restMs,
        taken: entry.taken,
      };
    });
  }

  /** A shorter rest never replaces a longer one: answers of requests already under way arrive in any order. */
  #rest(entry: Entry, rest: Entry['rest'], restMs: number): void {
    const until = this.#clock.now() + restMs;
    if (until <= entry.restUntil) return;
    entry.rest = rest;
    entry.restUntil = until;
  }
}

/**
 * One key. It never rests: there is no other to use meanwhile.
 * @throws TypeError when the secret cannot be a header value.
 */
export function singleCredential(secret: string, alias = 'default'): CredentialSource {
  const credential: Credential = { alias, secret };
  checkSecret(credential);
  return {
    take: (tried) => (tried.has(alias) ? undefined : credential),
    report: () => undefined,
  };
}

function restLeft(entry: Entry, now: number): number {
  return Math.max(0, entry.restUntil - now);
}

/** Visible ASCII, as RFC 6750 section 2.1 allows. A line break would end the header; the message must not show it. */
function checkSecret({ alias, secret }: Credential): void {
  if (!/^[\x21-\x7e]+$/.test(secret)) {
    throw new TypeError(`the secret of credential ${alias} is empty or holds characters no header may`);
  }
}

import type { CredentialLease, CredentialOutlook, CredentialSource, CredentialState } from '@ferry/core';

/**
 * One key for all uploads of a request: a file belongs to the key that uploaded it, and an edit can name only files of
 * its own key. When the upstream refuses or limits the key, the request moves to another one, once for everybody, and what
 * the first had uploaded is uploaded again. It never returns to a key that it has left, so moving ends.
 */
export class PinnedCredential implements CredentialSource {
  readonly #pool: CredentialSource;
  readonly #left = new Set<string>();
  #current: string | undefined;
  #hasProbed = false;

  /** @param current alias of the key to begin with. */
  constructor(pool: CredentialSource, current?: string) {
    this.#pool = pool;
    this.#current = current;
  }

  /** The alias of the key now in use. */
  get alias(): string | undefined {
    return this.#current;
  }

  outlook(refused: ReadonlySet<string>, mayProbe = true): CredentialOutlook {
    const elsewhere = this.#pool.outlook(this.#notElsewhere(refused), this.#mayProbe(mayProbe));
    const own = this.#own()?.outlook(refused);
    if (own === undefined || own.type === 'none' || elsewhere.type === 'ready') return elsewhere;
    if (own.type === 'ready' || elsewhere.type === 'none') return own;
    return elsewhere.cause === 'limited' && elsewhere.restMs < own.restMs ? elsewhere : own;
  }

  take(refused: ReadonlySet<string>, mayProbe = true): CredentialLease | undefined {
    const lease =
      this.#own()?.take(refused) ?? this.#pool.take(this.#notElsewhere(refused), this.#mayProbe(mayProbe));
    if (lease === undefined) return undefined;
    this.#hasProbed ||= lease.probe === true;
    const { alias } = lease.credential;
    if (this.#current !== undefined && this.#current !== alias) this.#left.add(this.#current);
    this.#current = alias;
    return lease;
  }

  only(alias: string): CredentialSource {
    return this.#pool.only(alias);
  }

  list(): CredentialState[] {
    return this.#pool.list();
  }

  /** The key in use now and no other: for the edit, whose files are this key's. */
  fixed(): CredentialSource {
    return this.#own() ?? this.#pool;
  }

  #own(): CredentialSource | undefined {
    return this.#current === undefined ? undefined : this.#pool.only(this.#current);
  }

  /** All its uploads together find out about one refused key: each moves with the others. */
  #mayProbe(mayProbe: boolean): boolean {
    return mayProbe && !this.#hasProbed;
  }

  /** Keys that this request does not move to. */
  #notElsewhere(refused: ReadonlySet<string>): ReadonlySet<string> {
    const current = this.#current === undefined ? [] : [this.#current];
    return new Set([...refused, ...this.#left, ...current]);
  }
}

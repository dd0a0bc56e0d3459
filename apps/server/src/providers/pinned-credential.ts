import type { Credential, CredentialSource } from '@ferry/core';

/**
 * One key for all uploads of a request: a file belongs to the key that uploaded it, and an edit can name only files of
 * its own key. When the upstream refuses the key, the request moves to another one, once for everybody.
 */
export class PinnedCredential implements CredentialSource {
  readonly #pool: CredentialSource;
  #current: Credential | undefined;

  constructor(pool: CredentialSource) {
    this.#pool = pool;
  }

  /** The alias of the key now in use. */
  get alias(): string | undefined {
    return this.#current?.alias;
  }

  take(tried: ReadonlySet<string>): Credential | undefined {
    if (this.#current !== undefined && !tried.has(this.#current.alias)) return this.#current;
    const next = this.#pool.take(tried);
    if (next !== undefined) this.#current = next;
    return next;
  }

  report(alias: string, status: number, retryAfterMs?: number): void {
    this.#pool.report(alias, status, retryAfterMs);
  }

  /** The key in use now and no other: for the edit, whose files are this key's. */
  fixed(): CredentialSource {
    const current = this.#current;
    return {
      take: (tried) => (current === undefined || tried.has(current.alias) ? undefined : current),
      report: (alias, status, retryAfterMs) => this.report(alias, status, retryAfterMs),
    };
  }
}

import type { Credential, CredentialSource } from './credential-pool.ts';

const NONE: ReadonlySet<string> = new Set();

/** Which credential the attempts of one logical request use. */
export class CredentialRotation {
  readonly #source: CredentialSource | undefined;
  readonly #refused = new Set<string>();
  #current: Credential | undefined;
  #other: Credential | undefined;

  constructor(source: CredentialSource | undefined) {
    this.#source = source;
    this.#current = source?.take(NONE);
  }

  /** For the next attempt; undefined when the request carries none. */
  get current(): Credential | undefined {
    return this.#current;
  }

  /** Whether the request wants a credential and there is none. */
  get missing(): boolean {
    return this.#source !== undefined && this.#current === undefined;
  }

  /** Passes the upstream's answer on. True when the credential was refused and another one is at hand. */
  answered(status: number, retryAfterMs: number | undefined): boolean {
    if (this.#source === undefined || this.#current === undefined) return false;
    this.#source.report(this.#current.alias, status, retryAfterMs);
    if (status !== 401 && status !== 403) return false;
    this.#refused.add(this.#current.alias);
    this.#other = this.#source.take(this.#refused);
    return this.#other !== undefined;
  }

  /** Leaves a refused credential for the other one. */
  useOther(): void {
    this.#current = this.#other ?? this.#current;
  }

  /** After a rate limit the source may know a credential that is not limited. */
  refresh(): void {
    this.#current = this.#source?.take(this.#refused) ?? this.#current;
  }
}

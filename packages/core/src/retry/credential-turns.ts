import type { CredentialLease, CredentialOutlook, CredentialSource } from '../credential/credential.ts';
import type { AttemptOutcome } from './outcome.ts';

const READY: CredentialOutlook = { type: 'ready' };
const NO_CREDENTIAL: CredentialOutlook = { type: 'none' };

/** Which credential the attempts of one logical request use. Times are milliseconds. */
export class CredentialTurns {
  readonly #source: CredentialSource | undefined;
  readonly #canMoveOn: () => boolean;
  readonly #refused = new Set<string>();
  #last: string | undefined;
  #hasProbed = false;

  /** @param canMoveOn whether another attempt can follow when the next one is refused. */
  constructor(source: CredentialSource | undefined, canMoveOn: () => boolean) {
    this.#source = source;
    this.#canMoveOn = canMoveOn;
  }

  /** Whether attempts carry a credential at all. */
  get needed(): boolean {
    return this.#source !== undefined;
  }

  /** What there is for the next attempt. A request that carries none needs none. */
  outlook(): CredentialOutlook {
    return this.#source?.outlook(this.#refused, this.#mayProbe()) ?? READY;
  }

  /** For one attempt; undefined when no credential is ready, and when the request carries none. */
  take(): CredentialLease | undefined {
    const lease = this.#source?.take(this.#refused, this.#mayProbe());
    this.#hasProbed ||= lease?.probe === true;
    this.#last = lease?.credential.alias;
    return lease;
  }

  /** A refused credential is not used again by this request. Call it before its lease is released. */
  answered(outcome: AttemptOutcome): void {
    if (outcome.type !== 'answered' || this.#last === undefined) return;
    if (outcome.status === 401 || outcome.status === 403) this.#refused.add(this.#last);
  }

  /** What the others have to offer, apart from the credential of the last attempt. */
  others(): CredentialOutlook {
    if (this.#source === undefined || this.#last === undefined) return NO_CREDENTIAL;
    return this.#source.outlook(new Set([...this.#refused, this.#last]), this.#mayProbe());
  }

  /** One request finds out about one credential, at the cost of one attempt. */
  #mayProbe(): boolean {
    return !this.#hasProbed && this.#canMoveOn();
  }
}

import type { CredentialLease, CredentialOutlook, CredentialSource } from '../credential/credential.ts';
import type { AttemptResult } from './attempt.ts';

const READY: CredentialOutlook = { type: 'ready' };
const NO_CREDENTIAL: CredentialOutlook = { type: 'none' };

/** Which credential the attempts of one logical request use. Times are milliseconds. */
export class CredentialTurns {
  readonly #source: CredentialSource | undefined;
  readonly #canMoveOn: () => boolean;
  readonly #refused = new Set<string>();
  /** Of attempts that were answered 403, until it is known whom that blames. */
  readonly #forbidden: CredentialLease[] = [];
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

  /**
   * The attempt with this lease has ended, but for what still flows: a credential is in flight until the answer's last byte. One
   * that was refused is not used again by this request.
   */
  settle(lease: CredentialLease | undefined, { outcome, flow }: AttemptResult): void {
    if (lease === undefined) return;
    const use =
      outcome.type === 'answered' ? { status: outcome.status, retryAfterMs: outcome.retryAfterMs } : {};
    const { status } = use;
    if (status === 401 || status === 403) this.#refused.add(lease.credential.alias);
    if (status === 403) {
      this.#forbidden.push(lease);
      return;
    }
    // What this credential is allowed, the others were forbidden for their own sake.
    const forbidden = status !== undefined && status < 300 ? this.#forbidden.splice(0) : [];
    const release = () => {
      lease.release(use);
      for (const other of forbidden) other.release({ status: 403 });
    };
    if (flow === undefined) release();
    else void flow.ended.then(release);
  }

  /** The request is over: a 403 that no other credential has put right says nothing about its own. */
  end(): void {
    for (const lease of this.#forbidden.splice(0)) lease.release();
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

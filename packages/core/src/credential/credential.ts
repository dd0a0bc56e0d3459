/** Where attempts get their keys. Times are milliseconds. */

/** A key the operator owns. */
export interface Credential {
  /** A name that may be logged and used as a label. */
  readonly alias: string;
  /** Sent as `authorization: Bearer ...`; never logged. */
  readonly secret: string;
}

/** What the upstream said to a request that was sent with a credential. */
export interface CredentialUse {
  /**
   * Undefined when no answer came, or nothing was sent: that says nothing about the credential. 403 only when another credential
   * was then accepted for the same request: until that is known, what is forbidden may be the request.
   */
  readonly status?: number | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** A credential for one attempt. It counts as in flight until it is released. */
export interface CredentialLease {
  readonly credential: Credential;
  /** It was refused, and this attempt finds out whether it still is. Default false. */
  readonly probe?: boolean;
  /** Ends the lease and tells how the upstream answered. Only the first call counts. */
  release(use?: CredentialUse): void;
}

/** Why a credential rests. */
export type RestCause =
  /** The upstream limits its rate (429) and named a time: it is ready after that. */
  | 'limited'
  /** The upstream refused it (401, or 403 for what it allowed another one): whether it is ever ready again, only a probe can tell. */
  | 'refused';

/** What a source has for a request now. A closed set. */
export type CredentialOutlook =
  | { readonly type: 'ready' }
  /** None is ready; the soonest is in `restMs`. `limited` when any of them is. */
  | { readonly type: 'resting'; readonly restMs: number; readonly cause: RestCause }
  /** There is none that the request has not been refused with. */
  | { readonly type: 'none' };

/** A credential as metrics and pages see it. */
export interface CredentialState {
  readonly alias: string;
  /** `probing`: it was refused, and one request is finding out whether it still is. */
  readonly state: 'ready' | 'limited' | 'refused' | 'probing';
  /** Attempts under way with it. */
  readonly inFlight: number;
  /** Milliseconds until it is used again; 0 when it can be. */
  readonly restMs: number;
  /** How often it was handed out. */
  readonly taken: number;
}

export interface CredentialSource {
  /** What `take` would find. */
  outlook(refused: ReadonlySet<string>, mayProbe?: boolean): CredentialOutlook;
  /**
   * A credential when the outlook is `ready`, else undefined. `refused` holds the aliases that this request was refused with.
   * `mayProbe` (default true) says whether it can afford to be refused once more: if not, it gets a refused credential only when
   * there is no other left to use or to wait for.
   */
  take(refused: ReadonlySet<string>, mayProbe?: boolean): CredentialLease | undefined;
  /**
   * The same source confined to one credential, for a request whose files belong to it. It waits while the credential is
   * limited, and uses it even while it counts as refused: there is no other that could serve.
   */
  only(alias: string): CredentialSource;
  /** Every credential by alias; never a secret. */
  list(): CredentialState[];
}

/**
 * Visible ASCII, as RFC 6750 section 2.1 allows. A line break would end the header; the message must not show it.
 * @throws TypeError
 */
export function checkSecret({ alias, secret }: Credential): void {
  if (!/^[\x21-\x7e]+$/.test(secret)) {
    throw new TypeError(`the secret of credential ${alias} is empty or holds characters no header may`);
  }
}

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

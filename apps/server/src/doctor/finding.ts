/** What was looked at, and what was seen. */
export interface Finding {
  /** Such as `TLS`. */
  readonly what: string;
  /** `note` is worth knowing; `problem` is to be mended. */
  readonly verdict: 'ok' | 'note' | 'problem';
  readonly seen: string;
}

/** What an upstream is like from here, as far as it could be seen. Times in milliseconds, sizes in bytes. */
export interface UpstreamFacts {
  /** TCP and TLS together: what a new connection costs. */
  readonly connectMs?: number;
  /** What the upstream chose; `none` without TLS or without ALPN. */
  readonly alpn?: 'h2' | 'http/1.1' | 'none';
  readonly h2?: H2Facts;
}

export interface H2Facts {
  /** SETTINGS_INITIAL_WINDOW_SIZE: what a stream may send before the upstream answers. */
  readonly streamWindow: number;
  /** The same for the whole connection. */
  readonly connectionWindow: number;
  /** SETTINGS_MAX_CONCURRENT_STREAMS; undefined when the upstream sets no limit. */
  readonly maxStreams: number | undefined;
  /** The quickest of some PINGs. */
  readonly roundTripMs: number;
}

export interface UpstreamReport {
  readonly name: string;
  readonly url: string;
  readonly findings: readonly Finding[];
  readonly facts: UpstreamFacts;
}

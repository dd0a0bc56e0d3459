/** Why a connection takes no further request. A closed set. */
export type RetireReason =
  /** Has carried `maxUses` requests. */
  | 'used-up'
  /** Unused for `maxIdleMs`, `spareMaxIdleMs`, or as long as the peer's `keep-alive` hint allows. */
  | 'idle'
  /** Older than `maxAgeMs`. */
  | 'too-old'
  /** The peer closed it, or said `connection: close`. */
  | 'peer-closed'
  /** The peer answered before it had the whole request: what follows on the wire cannot be told apart. */
  | 'early-answer'
  /** An exchange failed on it. */
  | 'failed'
  /** One of the caller's limits passed while bytes were in flight. */
  | 'timeout'
  /** The caller aborted or left the response body with bytes in flight. */
  | 'aborted'
  /** Gave up its place to a request that must not use it (`Attempt.avoidConnections`). */
  | 'avoided'
  /** The transport was closed. */
  | 'closed';

/** What happens to a connection. `at` is milliseconds since the Unix epoch. */
export type PoolEvent = {
  readonly connectionId: string;
  /** `https://host:port` */
  readonly origin: string;
  readonly at: number;
} & (
  | { readonly type: 'opened'; readonly ahead: boolean }
  | { readonly type: 'reused'; readonly uses: number }
  | { readonly type: 'retired'; readonly reason: RetireReason }
  | { readonly type: 'closed' }
);

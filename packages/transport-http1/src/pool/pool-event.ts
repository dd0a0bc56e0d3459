/** Why a connection takes no further request. A closed set; the words are those of the HTTP/2 transport. */
export type RetireReason =
  /** It has carried `maxUses` requests. */
  | 'used-up'
  /** Unused for `maxIdleMs`, `spareMaxIdleMs`, or as long as the peer's `keep-alive` hint allows. */
  | 'idle'
  /** Opened `maxAgeMs` ago by wall clock. */
  | 'too-old'
  /** The socket failed, or the peer closed it or said `connection: close`. */
  | 'socket'
  /** The peer's answer was not valid HTTP/1.1. */
  | 'stream-error'
  /** The peer answered before it had the whole request, so the rest of it will never be sent. */
  | 'early-answer'
  /** A request was abandoned (timeout, abort, body left early, broken body source) with bytes in flight. */
  | 'interrupted'
  /** It was opened for a request that no longer wants it. */
  | 'surplus'
  /** Unused, and its place was needed by a request that must avoid it. */
  | 'evicted'
  /** The transport was closed. */
  | 'transport-closed';

/** What happens to a connection. `at` is milliseconds since the Unix epoch. */
export type PoolEvent = {
  readonly connectionId: string;
  /** `https://host:port` */
  readonly origin: string;
  readonly at: number;
} & (
  | { readonly type: 'opened'; readonly ahead: boolean }
  /** `uses` counts the requests carried, this one included. */
  | { readonly type: 'reused'; readonly uses: number }
  | { readonly type: 'retired'; readonly reason: RetireReason }
  /** `ageMs` since it was opened. */
  | { readonly type: 'closed'; readonly uses: number; readonly ageMs: number }
);

/** One connection as it is shown to people. */
export interface ConnectionView {
  readonly id: string;
  /** `https://host:port` */
  readonly origin: string;
  readonly state: 'live' | 'retired';
  /** Requests carried, a running one included. */
  readonly uses: number;
  /** Requests on it at this moment: 0 or 1. */
  readonly streams: number;
  /** Milliseconds since it was opened. */
  readonly ageMs: number;
  readonly retireReason?: RetireReason;
}

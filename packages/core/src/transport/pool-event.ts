/** What a pool of connections tells about itself: to logs, to metrics and to people. The same words for every protocol. */

/** A connection only moves to the right; nothing is revived. */
export type ConnectionState = 'connecting' | 'live' | 'retired' | 'closed';

/** Why a connection takes no new request. A closed set. */
export type RetireReason =
  /** It has carried `maxUses` requests. */
  | 'used-up'
  /** Unused for `maxIdleMs`, for `spareMaxIdleMs` as a spare, or for as long as the peer said it may be (HTTP/1.1 `keep-alive`). */
  | 'idle'
  /** Opened `maxAgeMs` ago by wall clock. */
  | 'too-old'
  /** The peer sent GOAWAY (HTTP/2). */
  | 'goaway'
  /** The peer reset a stream with something other than REFUSED_STREAM, or broke the protocol. */
  | 'stream-error'
  /** The peer refused a second stream (HTTP/2). */
  | 'refused-twice'
  /** The peer answered before it had the whole request, whose rest will never be sent (HTTP/1.1). */
  | 'early-answer'
  /** A request was abandoned (timeout, abort, body left early, broken body source) with bytes in flight. */
  | 'interrupted'
  /**
   * It did not answer the PING that should prove it, in time or before its place was needed for another connection, or never sent
   * SETTINGS (HTTP/2).
   */
  | 'silent'
  /** The socket failed, or the peer closed it or said that it would. */
  | 'socket'
  /** It was opened for a request that no longer wants it. */
  | 'surplus'
  /** Unused, and its place was needed by a request that must avoid it. */
  | 'evicted'
  /** The transport was closed. */
  | 'transport-closed';

/** What happens to a connection, without what is the same for all events. Times are milliseconds. */
export type PoolEventDetail =
  /** It can take requests. Connections that never could are not told of. */
  | {
      readonly type: 'opened';
      /** The measured round trip, where the transport measures one. */
      readonly rttMs?: number;
      /** Opened before a request asked for it. */
      readonly ahead: boolean;
    }
  /** `uses` counts the requests carried, this one included. */
  | { readonly type: 'reused'; readonly uses: number }
  /** A PING has proven it after a silence (HTTP/2). */
  | { readonly type: 'proved'; readonly rttMs: number }
  /** It takes no new request; those on it may finish. */
  | { readonly type: 'retired'; readonly reason: RetireReason }
  /** Its socket is gone. `ageMs` since it was opened. */
  | { readonly type: 'closed'; readonly uses: number; readonly ageMs: number };

/** What happens to a connection: `opened`, then any number of `reused` and `proved`, then `retired` and `closed`. */
export type PoolEvent = {
  readonly connectionId: string;
  /** `https://host:port` */
  readonly origin: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
} & PoolEventDetail;

/** One connection as it is shown to people. */
export interface ConnectionView {
  readonly id: string;
  /** `https://host:port` */
  readonly origin: string;
  readonly state: ConnectionState;
  /** Requests carried, running ones included. */
  readonly uses: number;
  /** Requests on it at this moment. */
  readonly streams: number;
  /** Milliseconds since it was opened; 0 while connecting. */
  readonly ageMs: number;
  /** The measured round trip in milliseconds, where the transport measures one. */
  readonly rttMs?: number;
  /** The peer's stream limit, once it has told one (HTTP/2). */
  readonly peerMaxStreams?: number;
  readonly retireReason?: RetireReason;
}

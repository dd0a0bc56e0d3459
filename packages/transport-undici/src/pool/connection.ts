/** What the pool knows of a connection. Nothing here names the library that carries the bytes. */
import type { Clock, ConnectionState, RetireReason } from '@ferry/core';

/** A moment on both clocks. */
export interface Instant {
  /** Monotonic milliseconds. */
  readonly mono: number;
  /** Milliseconds since the Unix epoch. */
  readonly wall: number;
}

export function instant(clock: Clock): Instant {
  return { mono: clock.now(), wall: clock.wallNow() };
}

/**
 * Milliseconds between two moments, by whichever clock saw more of them: the monotonic clock stops while a machine is
 * suspended, and the wall clock can be set back.
 */
export function elapsed(since: Instant, now: Instant): number {
  return Math.max(now.mono - since.mono, now.wall - since.wall);
}

/** One connection, as the pool drives it. */
export interface Connection {
  /** Unique in this process. */
  readonly id: string;
  readonly state: ConnectionState;
  /** The first reason for which it was retired. */
  readonly retireReason: RetireReason | undefined;
  /**
   * Resolves when it is live: TLS is there and agreed on HTTP/2. The peer's SETTINGS may still be on their way (RFC 9113
   * section 3.4 lets a client send without them). Rejects with `AcquireFailure` when it never becomes so.
   */
  readonly ready: Promise<void>;
  /** Resolves when its socket is gone, or was never there. */
  readonly closed: Promise<void>;
  /** The peer's SETTINGS_MAX_CONCURRENT_STREAMS at this moment; undefined until its SETTINGS have come. */
  readonly peerMaxStreams: number | undefined;
  /** The last moment at which the peer sent anything that proves the path alive. */
  readonly heardAt: Instant;
  /** The best measured round trip in milliseconds. */
  readonly rttMs: number;
  /** The peer sent ENHANCE_YOUR_CALM, on a stream or for all. */
  readonly askedForCalm: boolean;
  /** Called when the peer has told its limits, for the first time or anew. */
  onCapacity: (() => void) | undefined;
  /** Sends a PING; resolves with the round trip in milliseconds, rejects when the connection ends first. */
  ping(): Promise<number>;
  /** `live -> retired`; false when it was not live any more. */
  retire(reason: RetireReason): boolean;
  /** Ends a connection without streams politely: what is queued (a RST_STREAM, GOAWAY) is flushed first. */
  end(reason: RetireReason): void;
  /** Ends it at once; running exchanges fail. */
  destroy(reason: RetireReason): void;
}

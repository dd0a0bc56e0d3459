import type { Instant } from '../time/instant.ts';
import type { RetireReason } from '../transport/pool-event.ts';
import type { ConnectionLife } from './connection-life.ts';

/**
 * One connection, as a protocol gives it to the pool. Nothing here names the library that carries the bytes. Its state is a
 * `ConnectionLife`, which the pool makes and both move.
 */
export interface Connection {
  /** Unique in this process, safe to log. */
  readonly id: string;
  /** Resolves when its socket is gone, or was never there. Never rejects. */
  readonly closed: Promise<void>;
  /** The last moment at which the other end is known to have been there. */
  readonly heardAt: Instant;
  /** The best measured round trip in milliseconds; undefined where the protocol measures none. */
  readonly rttMs: number | undefined;
  /** Requests at once that the peer has said it allows; undefined until it says so. */
  readonly peerMaxStreams: number | undefined;
  /** What counts until then. */
  readonly assumedMaxStreams: number;
  /** How long the peer lets it be unused, in milliseconds; `Infinity` when it has not said. */
  readonly peerIdleMs: number;
  /** The peer wants to be asked less: its next connections are proven more rarely. */
  readonly askedForCalm: boolean;
  /**
   * Proves that a request sent now would reach the peer. Resolves with the round trip in milliseconds if one was measured,
   * rejects when the connection is over. Needs no deadline of its own.
   */
  prove(): Promise<number | undefined>;
  /** Ends a connection without streams politely: what is queued is flushed first. */
  end(reason: RetireReason): void;
  /** Ends it at once, in whatever state; running exchanges fail. */
  destroy(reason: RetireReason): void;
}

/** What the pool says when it wants a connection. */
export interface OpenRequest {
  /** Only its origin matters. */
  readonly origin: URL;
  /** The longest that opening may take, in milliseconds. Whoever opens keeps this limit; its timer must not keep the process alive. */
  readonly connectMs: number;
  /**
   * To be moved as the connection goes live, is retired by its peer, and closes; never before `open` has returned. A connection
   * that cannot be opened closes with the `AcquireFailure` that says why.
   */
  readonly life: ConnectionLife;
  /** To be called when `peerMaxStreams` has changed. */
  readonly onCapacity: () => void;
}

/** Begins to open a connection. It must not keep the process alive while it is unused. */
export type OpenConnection<C extends Connection> = (request: OpenRequest) => C;

/**
 * What proving costs. `peer` asks the other end (a PING): it is done after a silence of `proveAfterIdleMs`, has a deadline, and is
 * raced with a new connection when it is late. `local` looks at what this machine knows already and is over within a turn of the
 * event loop: it is done before every use of a connection that has stood by.
 */
export type ProofKind = 'peer' | 'local';

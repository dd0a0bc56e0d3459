import type { Instant } from '../time/instant.ts';
import type { RetireReason } from '../transport/pool-event.ts';
import type { ConnectionOrigin } from '../transport/transport.ts';
import type { Connection } from './connection.ts';

/** How a request left its connection: it may go on, the peer refused the stream, or why it must be retired. */
export type Verdict = RetireReason | 'keep' | 'refused';

export interface TakeOptions {
  /** For a spare that is opened in its stead, in milliseconds. */
  readonly connectMs: number;
  /** Ids of connections that are not wanted. */
  readonly avoid?: ReadonlySet<string> | undefined;
  /** This moment, from who has read both clocks already. */
  readonly now?: Instant;
}

/** A place on a connection, given to one request. */
export interface Lease<C extends Connection> {
  readonly connection: C;
  readonly origin: ConnectionOrigin;
  /**
   * Gives the place back; a second call does nothing.
   * @param at this moment, from who has read both clocks already.
   */
  release(verdict: Verdict, at?: Instant): void;
}

import type { Instant } from '../time/instant.ts';
import type { ConnectionOrigin } from '../transport/transport.ts';
import type { Connection } from './connection.ts';
import type { Lease, Verdict } from './lease.ts';
import type { PooledConnection } from './pooled-connection.ts';

/** A lease that remembers the pool's entry, until it is given back. */
export class HeldPlace<C extends Connection> implements Lease<C> {
  readonly connection: C;
  readonly origin: ConnectionOrigin;
  /** Undefined once it was given back. */
  #entry: PooledConnection<C> | undefined;
  readonly #onRelease: (entry: PooledConnection<C>, verdict: Verdict, at: Instant | undefined) => void;

  constructor(
    entry: PooledConnection<C>,
    origin: ConnectionOrigin,
    onRelease: (entry: PooledConnection<C>, verdict: Verdict, at: Instant | undefined) => void,
  ) {
    this.connection = entry.connection;
    this.origin = origin;
    this.#entry = entry;
    this.#onRelease = onRelease;
  }

  release(verdict: Verdict, at?: Instant): void {
    const entry = this.#entry;
    this.#entry = undefined;
    if (entry !== undefined) this.#onRelease(entry, verdict, at);
  }
}

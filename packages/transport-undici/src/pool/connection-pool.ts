import type {
  Clock,
  ConnectionState,
  ConnectionView,
  PoolEvent,
  ReusePolicy,
  TransportStats,
} from '@ferry/core';
import type { Connection } from './connection.ts';
import type { Lease } from './lease.ts';
import { type AcquireOptions, OriginPool } from './origin-pool.ts';
import { PeerLimits } from './peer-limits.ts';
import type { Waiter } from './waiter.ts';

export interface ConnectionPoolOptions<C extends Connection> {
  readonly policy: ReusePolicy;
  readonly clock: Clock;
  readonly open: (
    origin: URL,
    connectMs: number,
    onChange: (connection: C, state: ConnectionState) => void,
  ) => C;
  readonly onEvent: (event: PoolEvent) => void;
}

/** The connections of one transport: an `OriginPool` for each origin in use, none for the others. */
export class ConnectionPool<C extends Connection> {
  readonly #options: ConnectionPoolOptions<C>;
  readonly #origins = new Map<string, OriginPool<C>>();
  readonly #limits = new PeerLimits();
  #closing: Promise<void> | undefined;

  constructor(options: ConnectionPoolOptions<C>) {
    this.#options = options;
  }

  get closing(): boolean {
    return this.#closing !== undefined;
  }

  acquire(origin: URL, options: AcquireOptions): Waiter<Lease<C>> {
    return this.#originPool(origin).acquire(options);
  }

  stats(): TransportStats {
    const total = { live: 0, spare: 0, connecting: 0, retired: 0, streams: 0, waiting: 0 };
    for (const pool of this.#origins.values()) {
      const stats = pool.stats();
      total.live += stats.live;
      total.spare += stats.spare;
      total.connecting += stats.connecting;
      total.retired += stats.retired;
      total.streams += stats.streams;
      total.waiting += stats.waiting;
    }
    return total;
  }

  views(): readonly ConnectionView[] {
    return [...this.#origins.values()].flatMap((pool) => pool.views());
  }

  /** Lets running exchanges finish for at most `graceMs`, destroys the rest. Idempotent: the first call's grace holds. */
  close(graceMs: number): Promise<void> {
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }

  async #close(graceMs: number): Promise<void> {
    const pools = [...this.#origins.values()];
    for (const pool of pools) pool.retireAll();
    const destroy = () => {
      for (const pool of pools) pool.destroyAll();
    };
    const cancel = graceMs > 0 ? this.#options.clock.after(graceMs, destroy) : undefined;
    if (cancel === undefined) destroy();
    await Promise.all(pools.map((pool) => pool.closed()));
    cancel?.();
  }

  #originPool(origin: URL): OriginPool<C> {
    const key = origin.origin;
    const existing = this.#origins.get(key);
    if (existing !== undefined) return existing;
    const { policy, clock, open, onEvent } = this.#options;
    const pool = new OriginPool<C>({
      origin: key,
      policy,
      clock,
      limit: this.#limits.of(key),
      onEvent,
      open: (connectMs, onChange) => open(origin, connectMs, onChange),
      onEmpty: () => this.#origins.delete(key),
    });
    this.#origins.set(key, pool);
    return pool;
  }
}

import type { Clock } from '../time/clock.ts';
import type { ConnectionView, PoolEvent } from '../transport/pool-event.ts';
import type { ReusePolicy } from '../transport/reuse-policy.ts';
import { DEFAULT_ATTEMPT_LIMITS, type TransportStats } from '../transport/transport.ts';
import type { Connection, OpenConnection, ProofKind } from './connection.ts';
import { sumStats } from './connection-stats.ts';
import type { Lease, TakeOptions } from './lease.ts';
import { OriginMemories } from './origin-memory.ts';
import { OriginPool } from './origin-pool.ts';
import { mayStandBy } from './spares.ts';
import type { Waiting, WaitOptions } from './waiter.ts';

export interface ConnectionPoolOptions<C extends Connection> {
  readonly policy: ReusePolicy;
  readonly clock: Clock;
  readonly open: OpenConnection<C>;
  readonly proof: ProofKind;
  /** Hears what happens to connections. Must not throw. */
  readonly onEvent?: ((event: PoolEvent) => void) | undefined;
}

/**
 * The connections of one transport: the one engine of every policy and protocol. A transport says how a connection is opened and
 * proven (`OpenConnection`, `Connection`), asks `take()`, then `wait()`, for a place, and gives it back with a verdict.
 *
 * ```ts
 * const lease = pool.take(url, { connectMs }) ?? (await pool.wait(url, { connectMs, avoid, onConnecting }).lease);
 * try { … } finally { lease.release('keep'); }
 * ```
 */
export class ConnectionPool<C extends Connection> {
  readonly #options: ConnectionPoolOptions<C>;
  readonly #origins = new Map<string, OriginPool<C>>();
  readonly #memories: OriginMemories;
  readonly #cancelGrace = new Set<() => void>();
  #closing: PromiseWithResolvers<void> | undefined;
  /** Of the request before: an origin is a new string each time it is asked for, and the same URL comes again and again. */
  #latest: { readonly href: string; readonly pool: OriginPool<C> } | undefined;

  constructor(options: ConnectionPoolOptions<C>) {
    this.#options = options;
    this.#memories = new OriginMemories(options.clock);
  }

  get closing(): boolean {
    return this.#closing !== undefined;
  }

  /**
   * A place on a connection that is ready, at once: no promise, no timer. Undefined when there is none, or when others wait.
   */
  take(origin: URL, options: TakeOptions): Lease<C> | undefined {
    const { href } = origin;
    if (href !== this.#latest?.href) {
      const pool = this.#origins.get(origin.origin);
      this.#latest = pool && { href, pool };
    }
    return this.#latest?.pool.take(options);
  }

  /** Waits for a place, first come first served, or for a connection to be opened or proven. Refused with `pool-full` at once. */
  wait(origin: URL, options: WaitOptions): Waiting<C> {
    return this.#originPool(origin).wait(options);
  }

  /**
   * A request to `origin` is likely to come soon: opens a connection ahead, within the policy's limits, or proves one that has
   * been silent. Nothing happens where the policy lets no unused connection stand by. Never throws.
   */
  prepare(origin: URL): void {
    if (this.closing || !mayStandBy(this.#options.policy)) return;
    this.#originPool(origin).prepare(DEFAULT_ATTEMPT_LIMITS.connectMs);
  }

  stats(): TransportStats {
    return sumStats([...this.#origins.values()].map((pool) => pool.stats()));
  }

  views(): readonly ConnectionView[] {
    return [...this.#origins.values()].flatMap((pool) => pool.views());
  }

  /**
   * Requests that were accepted, those that wait for a place included, have `graceMs` to finish; the rest is destroyed. Resolves
   * when every socket has closed. Idempotent; a later call may shorten the grace of an earlier one, never lengthen it.
   */
  close(graceMs: number): Promise<void> {
    this.#closing ??= Promise.withResolvers<void>();
    const { promise } = this.#closing;
    const pools = [...this.#origins.values()];
    for (const pool of pools) pool.drain();
    const destroy = () => {
      for (const pool of pools) pool.destroy();
    };
    if (this.#origins.size === 0) this.#closed();
    else if (graceMs > 0) this.#cancelGrace.add(this.#options.clock.after(graceMs, destroy));
    else destroy();
    return promise;
  }

  #closed(): void {
    for (const cancel of this.#cancelGrace) cancel();
    this.#cancelGrace.clear();
    this.#closing?.resolve();
  }

  #originPool(origin: URL): OriginPool<C> {
    const key = origin.origin;
    const existing = this.#origins.get(key);
    if (existing !== undefined) return existing;
    const { policy, proof, clock, open, onEvent } = this.#options;
    const memory = this.#memories.take(key);
    const pool: OriginPool<C> = new OriginPool<C>({
      origin: key,
      policy,
      proof,
      clock,
      memory,
      open: (request) => open({ ...request, origin }),
      onEvent,
      onEmpty: () => {
        if (this.#latest?.pool === pool) this.#latest = undefined;
        if (this.#origins.get(key) === pool) {
          this.#origins.delete(key);
          this.#memories.keep(key, memory);
        }
        if (this.closing && this.#origins.size === 0) this.#closed();
      },
    });
    this.#origins.set(key, pool);
    return pool;
  }
}

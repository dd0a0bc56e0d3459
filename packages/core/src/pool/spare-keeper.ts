import type { Connection } from './connection.ts';
import type { OriginConnections, OriginOptions } from './origin-connections.ts';
import { RecentPeak } from './recent-peak.ts';
import { sparesToOpen, surplus } from './spares.ts';
import type { Waiter } from './waiter.ts';

/**
 * Keeps as many connections ready as there were requests at once lately, up to the policy's number. Only a request has new ones
 * opened, so that they go when traffic stops.
 */
export class SpareKeeper<C extends Connection> {
  readonly #options: OriginOptions<C>;
  readonly #connections: OriginConnections<C>;
  readonly #waiters: ReadonlySet<Waiter<C>>;
  readonly #peak: RecentPeak;

  constructor(options: OriginOptions<C>, connections: OriginConnections<C>, waiters: ReadonlySet<Waiter<C>>) {
    this.#options = options;
    this.#connections = connections;
    this.#waiters = waiters;
    this.#peak = new RecentPeak(options.policy.spareMaxIdleMs);
  }

  /** Requests have come. @param coming those that are neither on a connection nor waiting yet. */
  expect(coming: number): void {
    if (this.#options.policy.spares === 0) return;
    const streams = this.#connections.all.reduce((sum, entry) => sum + entry.streams, 0);
    this.#peak.note(streams + this.#waiters.size + coming, this.#options.clock.now());
  }

  /** Opens what is missing. */
  replenish(connectMs: number): void {
    const { policy, clock } = this.#options;
    if (policy.spares === 0) return;
    const demand = { waiting: this.#waiters.size, peak: this.#peak.at(clock.now()) };
    for (let count = sparesToOpen(this.#connections.all, policy, demand); count > 0; count -= 1)
      this.#connections.open(connectMs, { ahead: true });
  }

  /** Ends what nobody waits for any more and is no spare. */
  trim(): void {
    if (this.#options.policy.maxUses > 1) return;
    let wanted = 0;
    for (const { openings } of this.#waiters) wanted += Math.max(1, openings.size);
    for (const id of surplus(this.#connections.all, this.#options.policy, wanted)) {
      const entry = this.#connections.get(id);
      if (entry === undefined) continue;
      // It may have been opened for one who waits on, and will be given another: that is no failure to tell.
      for (const waiter of this.#waiters) waiter.openings.delete(entry);
      entry.retire('surplus');
    }
  }
}

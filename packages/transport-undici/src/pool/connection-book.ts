import type { Clock, ConnectionState, ConnectionView, ReusePolicy, TransportStats } from '@ferry/core';
import { admit, type ConnectionFacts, idleLimit } from './admission.ts';
import { type Connection, elapsed, type Instant, instant } from './connection.ts';
import type { StreamLimit } from './peer-limits.ts';
import type { PooledConnection } from './pooled-connection.ts';

/** setTimeout's largest delay. */
const MAX_DELAY_MS = 2_147_483_647;

/** The connections to one origin, what is known of them, and when the next one's time is over. */
export class ConnectionBook<C extends Connection> {
  readonly #clock: Clock;
  readonly #policy: ReusePolicy;
  readonly #limit: StreamLimit;
  readonly #entries = new Map<string, PooledConnection<C>>();
  #cancelSweep: (() => void) | undefined;
  #sweepAt = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, policy: ReusePolicy, limit: StreamLimit) {
    this.#clock = clock;
    this.#policy = policy;
    this.#limit = limit;
  }

  get empty(): boolean {
    return this.#entries.size === 0;
  }

  get streams(): number {
    return this.all().reduce((sum, entry) => sum + entry.streams, 0);
  }

  all(): PooledConnection<C>[] {
    return [...this.#entries.values()];
  }

  get(id: string): PooledConnection<C> | undefined {
    return this.#entries.get(id);
  }

  add(entry: PooledConnection<C>): void {
    this.#entries.set(entry.connection.id, entry);
  }

  delete(entry: PooledConnection<C>): void {
    this.#entries.delete(entry.connection.id);
  }

  facts(): ConnectionFacts[] {
    return this.all().map((entry) => entry.facts(this.#limit.assumed));
  }

  views(origin: string): readonly ConnectionView[] {
    const now = instant(this.#clock);
    return this.all().map((entry) => entry.view(origin, now));
  }

  stats(): Omit<TransportStats, 'waiting'> {
    const inState = (state: ConnectionState) => this.all().filter((e) => e.connection.state === state);
    return {
      live: inState('live').length,
      spare: inState('live').filter((entry) => entry.uses === 0).length,
      connecting: inState('connecting').length,
      retired: inState('retired').length,
      streams: this.streams,
    };
  }

  /** Retires every connection whose time is over. */
  sweep(): void {
    const now = instant(this.#clock);
    for (const entry of this.all()) {
      const admission = admit(entry.facts(this.#limit.assumed), now, this.#policy);
      if (admission.type === 'retire') entry.retire(admission.reason);
    }
  }

  /**
   * One timer for the next connection whose time is over; it does not keep the process alive. A timer that would only
   * come too early is left alone and looks again then: every request moves the time, and few live to see it.
   */
  scheduleSweep(onDue: () => void): void {
    const now = instant(this.#clock);
    const dueMs = this.#dueMs(now);
    if (this.empty) this.#cancelSweep?.();
    if (dueMs === Number.POSITIVE_INFINITY || now.mono + dueMs >= this.#sweepAt) return;
    this.#cancelSweep?.();
    const delayMs = Math.min(Math.max(1, dueMs), MAX_DELAY_MS);
    this.#sweepAt = now.mono + delayMs;
    const cancel = this.#clock.after(
      delayMs,
      () => {
        this.#forgetSweep();
        onDue();
      },
      { keepAlive: false },
    );
    this.#cancelSweep = () => {
      this.#forgetSweep();
      cancel();
    };
  }

  #forgetSweep(): void {
    this.#cancelSweep = undefined;
    this.#sweepAt = Number.POSITIVE_INFINITY;
  }

  /** How long until an idle connection is over, in milliseconds; infinite without one. */
  #dueMs(now: Instant): number {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const { connection, streams, uses, usedAt, openedAt } of this.#entries.values()) {
      if (connection.state !== 'live' || streams > 0) continue;
      const idleMs = idleLimit(uses, this.#policy) - elapsed(usedAt, now);
      const ageMs = this.#policy.maxAgeMs - elapsed(openedAt, now);
      dueMs = Math.min(dueMs, idleMs, ageMs);
    }
    return dueMs;
  }
}

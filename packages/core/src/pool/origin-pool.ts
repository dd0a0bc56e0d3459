import { type Instant, instant } from '../time/instant.ts';
import type { ConnectionView } from '../transport/pool-event.ts';
import type { TransportStats } from '../transport/transport.ts';
import { AcquireFailure } from './acquire-failure.ts';
import type { Connection } from './connection.ts';
import { HeldPlace } from './held-place.ts';
import type { Lease, TakeOptions, Verdict } from './lease.ts';
import { OriginConnections, type OriginOptions } from './origin-connections.ts';
import { type Plan, plan } from './plan.ts';
import type { PooledConnection } from './pooled-connection.ts';
import { SpareKeeper } from './spare-keeper.ts';
import { Waiter, type WaitOptions } from './waiter.ts';

export interface OriginPoolOptions<C extends Connection> extends OriginOptions<C> {
  /** Nothing is left here: no connection, nobody waiting. */
  readonly onEmpty: () => void;
}

/**
 * The connections to one origin and the requests that wait for them. All decisions are made in `plan.ts` and by `admit()`;
 * this carries them out. Every profile of reuse and every protocol takes this one path.
 */
export class OriginPool<C extends Connection> {
  readonly #options: OriginPoolOptions<C>;
  readonly #connections: OriginConnections<C>;
  readonly #spares: SpareKeeper<C>;
  readonly #waiters = new Set<Waiter<C>>();
  #turn = 0;
  #draining = false;
  #pumping = false;
  #pumpAgain = false;

  constructor(options: OriginPoolOptions<C>) {
    this.#options = options;
    this.#connections = new OriginConnections(options, {
      nextTurn: () => this.#nextTurn(),
      onLive: (entry) => {
        for (const waiter of this.#waiters) waiter.openings.delete(entry);
        this.#pump();
      },
      onNotOpened: (entry) => this.#onNotOpened(entry),
      onChange: () => this.#pump(),
      onAlarm: () => this.#pump(),
      onGone: () => {
        this.#pump();
        this.#leaveIfEmpty();
      },
    });
    this.#spares = new SpareKeeper(options, this.#connections, this.#waiters);
  }

  /** A place on a connection that is ready now, without a promise or a timer; undefined when the request has to wait for one. */
  take({ connectMs, avoid, now }: TakeOptions): Lease<C> | undefined {
    // Those who came before are served first.
    if (this.#waiters.size > 0) return undefined;
    const entry = this.#connections.readiest(avoid, now);
    if (entry === undefined) return undefined;
    this.#spares.expect(1);
    return this.#lend(entry, this.#nextTurn(), connectMs);
  }

  wait(options: WaitOptions): Waiter<C> {
    const waiter: Waiter<C> = new Waiter<C>({
      ...options,
      clock: this.#options.clock,
      turn: this.#nextTurn(),
      onGone: () => {
        this.#waiters.delete(waiter);
        this.#spares.trim();
        this.#pump();
        this.#leaveIfEmpty();
      },
    });
    this.#waiters.add(waiter);
    this.#spares.expect(0);
    this.#pump(waiter);
    waiter.startLimit();
    this.#leaveIfEmpty();
    return waiter;
  }

  /** Has a connection ready, or proven, for a request that is likely to come soon. */
  prepare(connectMs: number): void {
    if (this.#draining) return;
    this.#spares.expect(1);
    this.#spares.replenish(connectMs);
    if (this.#options.policy.maxUses > 1) {
      const seen = this.#connections.survey();
      const waiting = this.#waiters.size;
      const step = plan(seen, { since: seen.now, avoid: undefined, promised: waiting, waiting });
      if (step.type === 'prove') this.#connections.prove(step.id);
      if (step.type === 'open' && step.hedge === undefined) {
        for (const id of step.prove ?? []) this.#connections.prove(id);
        if (step.evict !== undefined) this.#connections.evict(step.evict);
        this.#connections.open(connectMs, { ahead: true });
      }
    }
    this.#leaveIfEmpty();
  }

  stats(): TransportStats {
    const waiting = [...this.#waiters].filter(({ expectsOpening }) => !expectsOpening).length;
    return { ...this.#connections.stats(), waiting };
  }

  views(): readonly ConnectionView[] {
    return this.#connections.views();
  }

  /** Opens nothing ahead any more, and retires every connection as soon as nobody waits for one. */
  drain(): void {
    this.#draining = true;
    this.#pump();
  }

  /** Turns away those who wait and ends every connection at once. */
  destroy(): void {
    this.#draining = true;
    for (const waiter of [...this.#waiters]) waiter.leave('closed', 'the transport was closed');
    for (const { connection } of this.#connections.all) connection.destroy('transport-closed');
  }

  /** Gives connections to those who wait, first come first served, until nothing more can be done now. */
  #pump(newcomer?: Waiter<C>): void {
    this.#pumpAgain = true;
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#pumpAgain) {
      this.#pumpAgain = false;
      this.#serve(newcomer);
    }
    this.#pumping = false;
    if (this.#waiters.size > 0) {
      this.#connections.watchOpenings();
      return;
    }
    if (this.#draining) for (const entry of this.#connections.all) entry.retire('transport-closed');
    this.#connections.restIfBusy();
  }

  #serve(newcomer: Waiter<C> | undefined): void {
    let seen = this.#connections.survey();
    let promised = 0;
    let waiting = 0;
    for (const waiter of [...this.#waiters]) {
      const { since, avoid } = waiter;
      const step = plan(seen, { since, avoid, promised, waiting });
      waiter.expectsOpening = waiter.openings.size > 0;
      switch (step.type) {
        case 'reuse':
          this.#grant(waiter, step.id);
          seen = this.#connections.survey();
          break;
        case 'prove':
          promised += 1;
          this.#connections.prove(step.id);
          seen = this.#connections.survey();
          break;
        case 'open':
          promised += 1;
          if (this.#openFor(waiter, step)) seen = this.#connections.survey();
          break;
        case 'wait':
          if (!step.promised) waiting += 1;
          else {
            promised += 1;
            if (seen.opening) waiter.expectOpening();
          }
          break;
        case 'refuse':
          // Whoever was let in stays, even if what it was promised came to nothing.
          if (waiter === newcomer) this.#refuse(waiter);
          else waiting += 1;
          break;
      }
    }
  }

  /**
   * A request opens one connection at a time, and once, when what it counts on is slow, one more. When all have failed it
   * hears of it, and opens no other.
   * @returns whether anything has changed for those who come after it.
   */
  #openFor(waiter: Waiter<C>, { evict, prove = [], hedge }: Extract<Plan, { type: 'open' }>): boolean {
    for (const id of prove) this.#connections.prove(id);
    if (hedge ? waiter.hedged : waiter.openings.size > 0) return prove.length > 0;
    if (hedge) waiter.hedged = true;
    if (evict !== undefined) this.#connections.evict(evict);
    const opened = this.#connections.open(waiter.connectMs, { ahead: false });
    if (opened instanceof AcquireFailure) this.#turnAway(waiter, opened);
    else waiter.expectOpening(opened);
    return true;
  }

  #refuse(waiter: Waiter<C>): void {
    const { maxConnections, maxWaiting } = this.#options.policy;
    const message = `no place: ${maxConnections} connections in use and ${maxWaiting} requests waiting`;
    this.#turnAway(waiter, new AcquireFailure(message, { kind: 'pool-full', phase: 'acquire' }));
  }

  #turnAway(waiter: Waiter<C>, failure: AcquireFailure): void {
    this.#waiters.delete(waiter);
    waiter.reject(failure);
  }

  #onNotOpened(entry: PooledConnection<C>): void {
    const opener = [...this.#waiters].find((waiter) => waiter.openings.delete(entry));
    if (opener?.openings.size === 0) this.#turnAway(opener, AcquireFailure.from(entry.life.failure));
    this.#pump();
  }

  #grant(waiter: Waiter<C>, id: string): void {
    const entry = this.#connections.get(id);
    if (entry === undefined) return;
    this.#waiters.delete(waiter);
    waiter.grant(this.#lend(entry, waiter.turn, waiter.connectMs));
  }

  #lend(entry: PooledConnection<C>, turn: number, connectMs: number): Lease<C> {
    const origin = entry.take(turn);
    if (origin === 'reused') this.#connections.emit(entry, { type: 'reused', uses: entry.uses });
    // Not before: the handshake of a spare is not to hold up that of the request.
    if (!this.#draining) this.#spares.replenish(connectMs);
    return new HeldPlace(entry, origin, this.#onRelease);
  }

  readonly #onRelease = (entry: PooledConnection<C>, verdict: Verdict, at: Instant | undefined): void => {
    const now = at ?? instant(this.#options.clock);
    entry.giveBack(verdict, now);
    this.#spares.trim();
    // Most often nobody waits and the connection may go on: then there is nothing to plan.
    if (this.#waiters.size > 0 || this.#draining || entry.uses >= this.#options.policy.maxUses) this.#pump();
    this.#connections.watch(entry, now);
  };

  #nextTurn(): number {
    this.#turn += 1;
    return this.#turn;
  }

  #leaveIfEmpty(): void {
    if (this.#connections.all.length + this.#waiters.size === 0) this.#options.onEmpty();
  }
}

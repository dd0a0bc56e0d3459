import type {
  Clock,
  ConnectionState,
  ConnectionView,
  PoolEvent,
  PoolEventDetail,
  ReusePolicy,
  TransportStats,
} from '@ferry/core';
import { AcquireFailure } from './acquire-failure.ts';
import { type Connection, elapsed, instant } from './connection.ts';
import { ConnectionBook } from './connection-book.ts';
import type { Lease, Verdict } from './lease.ts';
import type { StreamLimit } from './peer-limits.ts';
import { type Plan, plan, sparesToOpen, surplus } from './plan.ts';
import { PooledConnection } from './pooled-connection.ts';
import { prove } from './prove.ts';
import { RecentPeak } from './recent-peak.ts';
import { SlowConnects } from './slow-connects.ts';
import { Waiter } from './waiter.ts';

/** How far proofs are made rarer for a peer that asks for calm; each time doubles it, as gRPC's keepalive does (gRFC A8). */
const MAX_CALM = 64;

export interface OriginPoolOptions<C extends Connection> {
  readonly origin: string;
  readonly policy: ReusePolicy;
  readonly clock: Clock;
  readonly limit: StreamLimit;
  /** Begins to open a connection, bounded by `connectMs`, which reports every change of its state. */
  readonly open: (connectMs: number, onChange: (connection: C, state: ConnectionState) => void) => C;
  readonly onEvent: (event: PoolEvent) => void;
  /** Nothing is left here: no connection, nobody waiting. */
  readonly onEmpty: () => void;
}

export interface AcquireOptions {
  readonly connectMs: number;
  readonly avoid: ReadonlySet<string> | undefined;
  readonly onConnecting: () => void;
}

/**
 * The connections to one origin and the requests that wait for them. All decisions are made by `plan()` and `admit()`;
 * this carries them out and keeps the books. Every profile of reuse takes this one path.
 */
export class OriginPool<C extends Connection> {
  readonly #options: OriginPoolOptions<C>;
  readonly #book: ConnectionBook<C>;
  readonly #peak: RecentPeak;
  readonly #slow: SlowConnects;
  #waiters: Waiter<Lease<C>>[] = [];
  #calm = 1;
  #pumping = false;
  #pumpAgain = false;

  constructor(options: OriginPoolOptions<C>) {
    this.#options = options;
    this.#book = new ConnectionBook(options.clock, options.policy, options.limit);
    this.#peak = new RecentPeak(options.policy.spareMaxIdleMs);
    this.#slow = new SlowConnects(options.clock);
  }

  acquire(options: AcquireOptions): Waiter<Lease<C>> {
    const waiter: Waiter<Lease<C>> = new Waiter<Lease<C>>({
      ...options,
      clock: this.#options.clock,
      onGone: () => {
        this.#forgetWaiter(waiter);
        this.#trim();
        this.#pump();
      },
    });
    this.#waiters.push(waiter);
    this.#pump(waiter);
    waiter.startLimit();
    this.#replenish(options.connectMs);
    return waiter;
  }

  stats(): TransportStats {
    const waiting = this.#waiters.filter((waiter) => waiter.openings.size === 0).length;
    return { ...this.#book.stats(), waiting };
  }

  views(): readonly ConnectionView[] {
    return this.#book.views(this.#options.origin);
  }

  /** Turns away those who wait and retires every connection; those without streams end at once. */
  retireAll(): void {
    for (const waiter of this.#waiters.splice(0)) waiter.leave('closed', 'the transport was closed');
    for (const entry of this.#book.all()) entry.retire('transport-closed');
  }

  destroyAll(): void {
    for (const { connection } of this.#book.all()) connection.destroy('transport-closed');
  }

  /** Resolves when every socket that is open now has closed. */
  async closed(): Promise<void> {
    await Promise.all(this.#book.all().map((entry) => entry.connection.closed));
  }

  /** Gives connections to those who wait, first come first served, until nothing more can be done now. */
  #pump(newcomer?: Waiter<Lease<C>>): void {
    this.#pumpAgain = true;
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#pumpAgain) {
      this.#pumpAgain = false;
      this.#book.sweep();
      this.#serve(newcomer);
    }
    this.#pumping = false;
    this.#book.scheduleSweep(() => this.#pump());
    this.#slow.watch(this.#waiters.length > 0 ? this.#book.facts() : [], () => this.#pump());
  }

  #serve(newcomer: Waiter<Lease<C>> | undefined): void {
    let promised = 0;
    let waiting = 0;
    for (const waiter of [...this.#waiters]) {
      const step = this.#planFor(waiter, promised, waiting);
      switch (step.type) {
        case 'reuse':
          this.#grant(waiter, step.id);
          break;
        case 'prove':
          this.#prove(step.id);
          promised += 1;
          break;
        case 'open':
          promised += 1;
          this.#openFor(waiter, step);
          break;
        case 'wait':
          if (step.promised) promised += 1;
          else waiting += 1;
          break;
        case 'refuse':
          // Whoever was let in stays, even if what it was promised came to nothing.
          if (waiter === newcomer) this.#refuse(waiter);
          else waiting += 1;
          break;
      }
    }
  }

  #planFor(waiter: Waiter<Lease<C>>, promised: number, waiting: number): Plan {
    const { policy, clock } = this.#options;
    const proveAfterIdleMs = policy.proveAfterIdleMs * this.#calm;
    const { since, avoid } = waiter;
    const demand = { since, avoid, promised, waiting, slowConnectMs: this.#slow.slowConnectMs };
    return plan(this.#book.facts(), instant(clock), { ...policy, proveAfterIdleMs }, demand);
  }

  /**
   * A request opens one connection at a time, and once, when what it counts on is slow, one more. When all have failed it
   * hears of it, and opens no other.
   */
  #openFor(waiter: Waiter<Lease<C>>, { evict, hedge }: Extract<Plan, { type: 'open' }>): void {
    if (hedge ? waiter.hedged : waiter.openings.size > 0) return;
    if (hedge) waiter.hedged = true;
    if (evict !== undefined) this.#book.get(evict)?.retire('evicted');
    waiter.connecting(this.#open(waiter.connectMs, { ahead: false }));
  }

  #refuse(waiter: Waiter<Lease<C>>): void {
    this.#forgetWaiter(waiter);
    const { maxConnections, maxWaiting } = this.#options.policy;
    const message = `no place: ${maxConnections} connections in use and ${maxWaiting} requests waiting`;
    waiter.reject(new AcquireFailure(message, { kind: 'pool-full', phase: 'acquire' }));
  }

  #grant(waiter: Waiter<Lease<C>>, id: string): void {
    const entry = this.#book.get(id);
    if (entry === undefined) return;
    this.#forgetWaiter(waiter);
    const origin = entry.take(waiter.since);
    if (origin === 'reused') this.#emit(entry, { type: 'reused', uses: entry.uses });
    let held = true;
    waiter.grant({
      connection: entry.connection,
      origin,
      release: (verdict) => {
        if (held) this.#release(entry, verdict);
        held = false;
      },
    });
  }

  #release(entry: PooledConnection<C>, verdict: Verdict): void {
    entry.giveBack(verdict, instant(this.#options.clock));
    this.#trim();
    this.#pump();
  }

  #open(connectMs: number, { ahead }: { readonly ahead: boolean }): string {
    const { open, clock } = this.#options;
    const connection = open(connectMs, (changed, state) => this.#onChange(changed, state));
    const entry = new PooledConnection(connection, instant(clock), { ahead });
    this.#book.add(entry);
    connection.onCapacity = () => {
      if (connection.peerMaxStreams !== undefined) this.#options.limit.learn(connection.peerMaxStreams);
      this.#pump();
    };
    connection.ready.then(
      () => this.#onConnected(connection.id),
      (error: unknown) => this.#onConnectFailed(connection.id, error),
    );
    connection.closed.then(() => this.#onClosed(entry));
    return connection.id;
  }

  #onConnected(id: string): void {
    for (const waiter of this.#waiters) waiter.openings.delete(id);
    this.#pump();
  }

  #onConnectFailed(id: string, error: unknown): void {
    const opener = this.#waiters.find((waiter) => waiter.openings.delete(id));
    if (opener?.openings.size === 0) {
      this.#forgetWaiter(opener);
      opener.reject(AcquireFailure.from(error));
    }
    this.#pump();
  }

  #onChange(connection: C, state: ConnectionState): void {
    const entry = this.#book.get(connection.id);
    if (entry === undefined) return;
    if (state === 'live') {
      entry.wentLive(instant(this.#options.clock));
      this.#slow.noteRoundTrip(connection.rttMs);
      this.#emit(entry, { type: 'opened', rttMs: connection.rttMs, ahead: entry.ahead });
    } else if (state === 'retired') {
      this.#emit(entry, { type: 'retired', reason: connection.retireReason ?? 'socket' });
      if (connection.askedForCalm) this.#calm = Math.min(this.#calm * 2, MAX_CALM);
      // It may have retired by itself (GOAWAY); whoever retires it now may still be about to take its stream off.
      queueMicrotask(() => {
        entry.endIfUnused();
        this.#pump();
      });
    }
  }

  #onClosed(entry: PooledConnection<C>): void {
    this.#book.delete(entry);
    const ageMs = elapsed(entry.openedAt, instant(this.#options.clock));
    if (entry.opened) this.#emit(entry, { type: 'closed', uses: entry.uses, ageMs });
    this.#pump();
    if (this.#book.empty && this.#waiters.length === 0) this.#options.onEmpty();
  }

  #prove(id: string): void {
    const entry = this.#book.get(id);
    if (entry === undefined) return;
    prove(entry, {
      clock: this.#options.clock,
      proveTimeoutMs: this.#options.policy.proveTimeoutMs,
      onProved: (rttMs) => this.#emit(entry, { type: 'proved', rttMs }),
      onProgress: () => this.#pump(),
    });
  }

  /** Opens spares for the requests to come; only a request asks for them, so that they go when traffic stops. */
  #replenish(connectMs: number): void {
    const { policy, clock } = this.#options;
    const waiting = this.#waiters.length;
    this.#peak.note(this.#book.streams + waiting, clock.now());
    const demand = { waiting, peak: this.#peak.at(clock.now()) };
    for (let count = sparesToOpen(this.#book.facts(), policy, demand); count > 0; count -= 1)
      this.#open(connectMs, { ahead: true });
  }

  #trim(): void {
    const wanted = this.#waiters.reduce((sum, { openings }) => sum + Math.max(1, openings.size), 0);
    for (const id of surplus(this.#book.facts(), this.#options.policy, wanted)) {
      // It may have been opened for one who waits on, and will be given another: that is no failure to tell.
      for (const waiter of this.#waiters) waiter.openings.delete(id);
      this.#book.get(id)?.retire('surplus');
    }
  }

  #forgetWaiter(waiter: Waiter<Lease<C>>): void {
    this.#waiters = this.#waiters.filter((other) => other !== waiter);
  }

  #emit(entry: PooledConnection<C>, detail: PoolEventDetail): void {
    const { origin, clock, onEvent } = this.#options;
    onEvent({ connectionId: entry.connection.id, origin, at: clock.wallNow(), ...detail });
  }
}

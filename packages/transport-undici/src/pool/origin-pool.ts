import type { Clock, ConnectionOrigin, ReusePolicy, TransportStats } from '@ferry/core';
import { AcquireFailure } from './acquire-failure.ts';
import { admit, type ConnectionFacts, idleLimit } from './admission.ts';
import {
  type Connection,
  type ConnectionState,
  type ConnectionView,
  elapsed,
  type Instant,
  instant,
  type PoolEvent,
  type RetireReason,
} from './connection.ts';
import { type Plan, plan, sparesToOpen, surplus } from './plan.ts';
import { RecentPeak } from './recent-peak.ts';
import { Waiter } from './waiter.ts';

/** A PING is late after this many round trips, but never sooner than `MIN_LATE_MS`. */
const LATE_ROUND_TRIPS = 3;
const MIN_LATE_MS = 50;
/** How far proofs are made rarer for a peer that asks for calm; each time doubles it, as gRPC's keepalive does (gRFC A8). */
const MAX_CALM = 64;

/** How a request left its connection: it may go on, the peer refused the stream, or why it must be retired. */
export type Verdict = RetireReason | 'keep' | 'refused';

/** A place on a connection, given to one request. */
export interface Lease<C extends Connection> {
  readonly connection: C;
  readonly origin: ConnectionOrigin;
  /** Gives the place back; called exactly once. */
  release(verdict: Verdict): void;
}

export interface OriginPoolOptions<C extends Connection> {
  readonly origin: string;
  readonly policy: ReusePolicy;
  readonly clock: Clock;
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

interface Entry<C> {
  readonly connection: C;
  uses: number;
  streams: number;
  refusals: number;
  openedAt: Instant;
  usedAt: Instant;
  proof: 'none' | 'out' | 'late';
  /** It has been live, and was told of. */
  opened: boolean;
}

type EventDetail = PoolEvent extends infer E
  ? E extends PoolEvent
    ? Omit<E, 'connectionId' | 'origin' | 'at'>
    : never
  : never;

/**
 * The connections to one origin and the requests that wait for them. All decisions are made by `plan()` and `admit()`;
 * this carries them out and keeps the books. Every profile of reuse takes this one path.
 */
export class OriginPool<C extends Connection> {
  readonly #options: OriginPoolOptions<C>;
  readonly #entries = new Map<string, Entry<C>>();
  readonly #peak: RecentPeak;
  #waiters: Waiter<Lease<C>>[] = [];
  #calm = 1;
  #pumping = false;
  #pumpAgain = false;
  #cancelSweep: (() => void) | undefined;

  constructor(options: OriginPoolOptions<C>) {
    this.#options = options;
    this.#peak = new RecentPeak(options.policy.spareMaxIdleMs);
  }

  acquire(options: AcquireOptions): Waiter<Lease<C>> {
    const waiter: Waiter<Lease<C>> = new Waiter<Lease<C>>({
      ...options,
      clock: this.#options.clock,
      onGone: () => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        this.#trim();
        this.#pump();
      },
    });
    this.#waiters.push(waiter);
    this.#pump(waiter);
    this.#replenish(options.connectMs);
    return waiter;
  }

  stats(): TransportStats {
    const all = [...this.#entries.values()];
    const inState = (state: ConnectionState) => all.filter((e) => e.connection.state === state);
    return {
      live: inState('live').length,
      spare: inState('live').filter((e) => e.uses === 0).length,
      connecting: inState('connecting').length,
      retired: inState('retired').length,
      streams: all.reduce((sum, e) => sum + e.streams, 0),
      waiting: this.#waiters.filter((waiter) => waiter.opening === undefined).length,
    };
  }

  views(): readonly ConnectionView[] {
    const now = instant(this.#options.clock);
    return [...this.#entries.values()].map(({ connection: c, ...entry }) => ({
      id: c.id,
      origin: this.#options.origin,
      state: c.state,
      uses: entry.uses,
      streams: entry.streams,
      ageMs: c.state === 'connecting' ? 0 : elapsed(entry.openedAt, now),
      rttMs: c.rttMs,
      ...(c.retireReason === undefined ? {} : { retireReason: c.retireReason }),
    }));
  }

  /** Turns away those who wait and retires every connection; those without streams end at once. */
  retireAll(): void {
    for (const waiter of this.#waiters.splice(0)) waiter.leave('closed', 'the transport was closed');
    for (const entry of [...this.#entries.values()]) {
      if (entry.connection.state === 'connecting') entry.connection.destroy('transport-closed');
      else this.#retire(entry, 'transport-closed');
    }
  }

  destroyAll(): void {
    for (const { connection } of [...this.#entries.values()]) connection.destroy('transport-closed');
  }

  /** Resolves when every socket that is open now has closed. */
  async closed(): Promise<void> {
    await Promise.all([...this.#entries.values()].map((entry) => entry.connection.closed));
  }

  /** Gives connections to those who wait, first come first served, until nothing more can be done now. */
  #pump(newcomer?: Waiter<Lease<C>>): void {
    if (this.#pumping) {
      this.#pumpAgain = true;
      return;
    }
    this.#pumping = true;
    do {
      this.#pumpAgain = false;
      this.#retireDue(instant(this.#options.clock));
      this.#serve(newcomer);
    } while (this.#pumpAgain);
    this.#pumping = false;
    this.#scheduleSweep();
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
          // A request opens one connection at a time: when that fails, it hears of it, and opens no other.
          if (waiter.opening !== undefined) break;
          if (step.evict !== undefined) this.#retireById(step.evict, 'evicted');
          waiter.connecting(this.#open(waiter.connectMs).connection.id);
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
    const now = instant(clock);
    const proveAfterIdleMs = policy.proveAfterIdleMs * this.#calm;
    return plan(
      this.#facts(),
      now,
      { ...policy, proveAfterIdleMs },
      { since: waiter.since, avoid: waiter.avoid, promised, waiting },
    );
  }

  #refuse(waiter: Waiter<Lease<C>>): void {
    this.#waiters = this.#waiters.filter((other) => other !== waiter);
    const { maxConnections, maxWaiting } = this.#options.policy;
    const message = `no place: ${maxConnections} connections in use and ${maxWaiting} requests waiting`;
    waiter.reject(new AcquireFailure(message, { kind: 'pool-full', phase: 'acquire' }));
  }

  #grant(waiter: Waiter<Lease<C>>, id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#waiters = this.#waiters.filter((other) => other !== waiter);
    const readyBefore = entry.openedAt.mono <= waiter.since.mono;
    const origin: ConnectionOrigin = entry.uses > 0 ? 'reused' : readyBefore ? 'prewarmed' : 'fresh';
    entry.uses += 1;
    entry.streams += 1;
    this.#peak.note(this.stats().streams, this.#options.clock.now());
    if (origin === 'reused') this.#emit(entry, { type: 'reused', uses: entry.uses });
    let held = true;
    waiter.grant({
      connection: entry.connection,
      origin,
      release: (verdict) => {
        if (!held) return;
        held = false;
        this.#release(entry, verdict);
      },
    });
  }

  #release(entry: Entry<C>, verdict: Verdict): void {
    entry.streams -= 1;
    entry.usedAt = instant(this.#options.clock);
    if (verdict === 'refused') {
      entry.refusals += 1;
      if (entry.refusals > 1) this.#retire(entry, 'refused-twice');
    } else if (verdict !== 'keep') {
      this.#retire(entry, verdict);
    }
    if (entry.connection.state === 'retired' && entry.streams === 0) this.#end(entry);
    this.#trim();
    this.#pump();
  }

  #open(connectMs: number): Entry<C> {
    const now = instant(this.#options.clock);
    const connection = this.#options.open(connectMs, (changed, state) => this.#onChange(changed, state));
    const entry: Entry<C> = {
      connection,
      uses: 0,
      streams: 0,
      refusals: 0,
      openedAt: now,
      usedAt: now,
      proof: 'none',
      opened: false,
    };
    connection.onCapacity = () => this.#pump();
    this.#entries.set(connection.id, entry);
    connection.ready.then(
      () => this.#onConnected(connection.id),
      (error: unknown) => this.#onConnectFailed(connection.id, error),
    );
    connection.closed.then(() => this.#forget(entry));
    return entry;
  }

  #onConnected(id: string): void {
    for (const waiter of this.#waiters) if (waiter.opening === id) waiter.opening = undefined;
    this.#pump();
  }

  #onConnectFailed(id: string, error: unknown): void {
    const failure =
      error instanceof AcquireFailure
        ? error
        : new AcquireFailure('the connection could not be opened', {
            kind: 'connect',
            phase: 'connect',
            cause: error,
          });
    const opener = this.#waiters.find((waiter) => waiter.opening === id);
    if (opener !== undefined) {
      this.#waiters = this.#waiters.filter((other) => other !== opener);
      opener.reject(failure);
    }
    this.#pump();
  }

  #onChange(connection: C, state: ConnectionState): void {
    const entry = this.#entries.get(connection.id);
    if (entry === undefined) return;
    if (state === 'live') {
      entry.opened = true;
      entry.openedAt = instant(this.#options.clock);
      entry.usedAt = entry.openedAt;
      const { rttMs, peerMaxStreams } = connection;
      this.#emit(entry, { type: 'opened', rttMs, peerMaxStreams });
    } else if (state === 'retired') {
      this.#emit(entry, { type: 'retired', reason: connection.retireReason ?? 'socket' });
      // A connection that retires by itself (GOAWAY) while nobody uses it has nothing to wait for.
      if (entry.streams === 0) queueMicrotask(() => this.#end(entry));
      if (connection.askedForCalm) this.#calm = Math.min(this.#calm * 2, MAX_CALM);
    }
    if (state !== 'live') queueMicrotask(() => this.#pump());
  }

  #forget(entry: Entry<C>): void {
    this.#entries.delete(entry.connection.id);
    const ageMs = elapsed(entry.openedAt, instant(this.#options.clock));
    if (entry.opened) this.#emit(entry, { type: 'closed', uses: entry.uses, ageMs });
    this.#pump();
    if (this.#entries.size > 0 || this.#waiters.length > 0) return;
    this.#cancelSweep?.();
    this.#options.onEmpty();
  }

  /**
   * Sends a PING. Late, it no longer holds anybody up: a replacement starts connecting while it is still out. Past its
   * deadline, the connection is retired.
   */
  #prove(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    const { clock, policy } = this.#options;
    const { connection } = entry;
    entry.proof = 'out';
    const lateMs = Math.min(
      Math.max(MIN_LATE_MS, LATE_ROUND_TRIPS * connection.rttMs),
      policy.proveTimeoutMs,
    );
    const cancelLate = clock.after(
      lateMs,
      () => {
        entry.proof = 'late';
        this.#pump();
      },
      { keepAlive: false },
    );
    const cancelDeadline = clock.after(
      policy.proveTimeoutMs,
      () => {
        this.#retire(entry, 'silent');
        // Its socket will not deliver a farewell either.
        if (entry.streams === 0) connection.destroy('silent');
      },
      { keepAlive: false },
    );
    const settled = () => {
      cancelLate();
      cancelDeadline();
      entry.proof = 'none';
      this.#pump();
    };
    connection.ping().then((rttMs) => {
      this.#emit(entry, { type: 'proved', rttMs });
      settled();
    }, settled);
  }

  #replenish(connectMs: number): void {
    const { policy, clock } = this.#options;
    const { streams } = this.stats();
    this.#peak.note(Math.max(1, streams + this.#waiters.length), clock.now());
    const demand = { waiting: this.#waiters.length, peak: this.#peak.at(clock.now()) };
    for (let count = sparesToOpen(this.#facts(), policy, demand); count > 0; count -= 1)
      this.#open(connectMs);
    this.#scheduleSweep();
  }

  #trim(): void {
    for (const id of surplus(this.#facts(), this.#options.policy, this.#waiters.length)) {
      this.#retireById(id, 'surplus');
    }
  }

  #retireById(id: string, reason: RetireReason): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    if (entry.connection.state === 'connecting') entry.connection.destroy(reason);
    else this.#retire(entry, reason);
  }

  #retire(entry: Entry<C>, reason: RetireReason): void {
    entry.connection.retire(reason);
    if (entry.streams === 0) this.#end(entry);
  }

  #end({ connection }: Entry<C>): void {
    connection.end(connection.retireReason ?? 'used-up');
  }

  #retireDue(now: Instant): void {
    for (const entry of [...this.#entries.values()]) {
      const admission = admit(this.#factsOf(entry), now, this.#options.policy);
      if (admission.type === 'retire') this.#retire(entry, admission.reason);
    }
  }

  /** One timer for the next connection whose time is over; it does not keep the process alive. */
  #scheduleSweep(): void {
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
    const { clock, policy } = this.#options;
    const now = instant(clock);
    const idle = [...this.#entries.values()].filter((e) => e.connection.state === 'live' && e.streams === 0);
    const due = Math.min(
      ...idle.map((e) => idleLimit(e.uses, policy) - elapsed(e.usedAt, now)),
      ...idle.map((e) => policy.maxAgeMs - elapsed(e.openedAt, now)),
    );
    if (!Number.isFinite(due)) return;
    const delayMs = Math.min(Math.max(1, due), 2_147_483_647);
    this.#cancelSweep = clock.after(delayMs, () => this.#pump(), { keepAlive: false });
  }

  #facts(): ConnectionFacts[] {
    return [...this.#entries.values()].map((entry) => this.#factsOf(entry));
  }

  #factsOf({ connection: c, uses, streams, openedAt, usedAt, proof }: Entry<C>): ConnectionFacts {
    const { id, state, peerMaxStreams, heardAt } = c;
    return { id, state, uses, streams, peerMaxStreams, openedAt, usedAt, heardAt, proof };
  }

  #emit(entry: Entry<C>, detail: EventDetail): void {
    const { origin, clock, onEvent } = this.#options;
    onEvent({ connectionId: entry.connection.id, origin, at: clock.wallNow(), ...detail });
  }
}

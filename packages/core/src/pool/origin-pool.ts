import type { Clock } from '../time/clock.ts';
import { elapsed, instant } from '../time/instant.ts';
import type { ConnectionState, ConnectionView, PoolEvent, PoolEventDetail } from '../transport/pool-event.ts';
import type { ReusePolicy } from '../transport/reuse-policy.ts';
import type { TransportStats } from '../transport/transport.ts';
import { AcquireFailure } from './acquire-failure.ts';
import type { ConnectionFacts } from './admission.ts';
import { Alarm } from './alarm.ts';
import type { Connection, OpenRequest, ProofKind } from './connection.ts';
import { statsOf } from './connection-stats.ts';
import type { Lease, Verdict } from './lease.ts';
import { OpeningTime } from './opening-time.ts';
import { type Plan, plan } from './plan.ts';
import { PooledConnection } from './pooled-connection.ts';
import { prove } from './prove.ts';
import { RecentPeak } from './recent-peak.ts';
import { sparesToOpen, surplus } from './spares.ts';
import { type Survey, survey } from './survey.ts';
import { Waiter, type WaitOptions } from './waiter.ts';

/** How far proofs are made rarer for a peer that asks for calm; each time doubles it, as gRPC's keepalive does (gRFC A8). */
const MAX_CALM = 64;

export interface OriginPoolOptions<C extends Connection> {
  readonly origin: string;
  readonly policy: ReusePolicy;
  readonly proof: ProofKind;
  readonly clock: Clock;
  readonly open: (request: Omit<OpenRequest, 'origin'>) => C;
  readonly onEvent: (event: PoolEvent) => void;
  /** Nothing is left here: no connection, nobody waiting. */
  readonly onEmpty: () => void;
}

/**
 * The connections to one origin and the requests that wait for them. All decisions are made by `plan()` and `admit()`;
 * this carries them out. Every profile of reuse and every protocol takes this one path.
 */
export class OriginPool<C extends Connection> {
  readonly #options: OriginPoolOptions<C>;
  readonly #peak: RecentPeak;
  readonly #openingTime = new OpeningTime();
  readonly #alarm: Alarm;
  readonly #waiters = new Set<Waiter<C>>();
  #connections: readonly PooledConnection<C>[] = [];
  /** The options' policy, with proofs as often as they are due here. */
  #policy: ReusePolicy;
  #calm = 1;
  #turn = 0;
  #draining = false;
  #pumping = false;
  #pumpAgain = false;

  constructor(options: OriginPoolOptions<C>) {
    const { policy, proof, clock } = options;
    this.#options = options;
    this.#policy = proof === 'local' ? { ...policy, proveAfterIdleMs: 0 } : policy;
    this.#peak = new RecentPeak(policy.spareMaxIdleMs);
    this.#alarm = new Alarm(clock, () => {
      this.#pump();
      this.#watchAll();
    });
  }

  /** A place on a connection that is ready now, without a promise or a timer; undefined when the request has to wait for one. */
  take(connectMs: number, avoid: ReadonlySet<string> | undefined): Lease<C> | undefined {
    // Those who came before are served first.
    if (this.#waiters.size > 0) return undefined;
    const seen = this.#survey();
    const step = plan(seen, { since: seen.now, avoid, promised: 0, waiting: 0 });
    const entry = step.type === 'reuse' ? this.#get(step.id) : undefined;
    if (entry === undefined) return undefined;
    this.#turn += 1;
    const lease = this.#lend(entry, this.#turn);
    this.#replenish(connectMs);
    return lease;
  }

  wait(options: WaitOptions): Waiter<C> {
    this.#turn += 1;
    const waiter: Waiter<C> = new Waiter<C>({
      ...options,
      clock: this.#options.clock,
      turn: this.#turn,
      onGone: () => {
        this.#forget(waiter);
        this.#trim();
        this.#pump();
        this.#leaveIfEmpty();
      },
    });
    this.#waiters.add(waiter);
    this.#pump(waiter);
    waiter.startLimit();
    this.#replenish(options.connectMs);
    this.#leaveIfEmpty();
    return waiter;
  }

  /** Has a connection ready, or proven, for a request that is likely to come soon. */
  prepare(connectMs: number): void {
    if (this.#draining) return;
    this.#replenish(connectMs, 1);
    if (this.#policy.maxUses > 1) {
      const seen = this.#survey();
      const waiting = this.#waiters.size;
      const step = plan(seen, { since: seen.now, avoid: undefined, promised: waiting, waiting });
      if (step.type === 'prove') this.#prove(step.id);
      if (step.type === 'open' && step.hedge === undefined) this.#open(connectMs, { ahead: true });
    }
    this.#leaveIfEmpty();
  }

  stats(): TransportStats {
    const waiting = [...this.#waiters].filter(({ expectsOpening }) => !expectsOpening).length;
    return { ...statsOf(this.#connections), waiting };
  }

  views(): readonly ConnectionView[] {
    const now = instant(this.#options.clock);
    return this.#connections.map((entry) => entry.view(this.#options.origin, now));
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
    for (const { connection } of this.#connections) connection.destroy('transport-closed');
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
    if (this.#waiters.size > 0) this.#watchOpenings();
    else if (this.#draining) for (const entry of this.#connections) entry.retire('transport-closed');
    else if (!this.#connections.some(isIdle)) this.#alarm.cancel();
  }

  #serve(newcomer: Waiter<C> | undefined): void {
    let seen = this.#survey();
    let promised = 0;
    let waiting = 0;
    for (const waiter of [...this.#waiters]) {
      const { since, avoid } = waiter;
      const step = plan(seen, { since, avoid, promised, waiting });
      waiter.expectsOpening = waiter.openings.size > 0;
      switch (step.type) {
        case 'reuse':
          this.#grant(waiter, step.id);
          seen = this.#survey();
          break;
        case 'prove':
          promised += 1;
          this.#prove(step.id);
          seen = this.#survey();
          break;
        case 'open':
          promised += 1;
          if (this.#openFor(waiter, step)) seen = this.#survey();
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

  /** Judges all connections, and retires those whose time is over. */
  #survey(): Survey {
    const { clock } = this.#options;
    const look = () =>
      survey(this.#connections, instant(clock), this.#policy, this.#openingTime.slowConnectMs);
    const seen = look();
    if (seen.over.length === 0) return seen;
    for (const { id, reason } of seen.over) this.#get(id)?.retire(reason);
    return look();
  }

  /**
   * A request opens one connection at a time, and once, when what it counts on is slow, one more. When all have failed it
   * hears of it, and opens no other.
   */
  #openFor(waiter: Waiter<C>, { evict, hedge }: Extract<Plan, { type: 'open' }>): boolean {
    if (hedge ? waiter.hedged : waiter.openings.size > 0) return false;
    if (hedge) waiter.hedged = true;
    if (evict !== undefined) this.#get(evict)?.retire('evicted');
    const opened = this.#open(waiter.connectMs, { ahead: false });
    if (opened instanceof AcquireFailure) this.#turnAway(waiter, opened);
    else waiter.expectOpening(opened);
    return true;
  }

  #refuse(waiter: Waiter<C>): void {
    const { maxConnections, maxWaiting } = this.#policy;
    const message = `no place: ${maxConnections} connections in use and ${maxWaiting} requests waiting`;
    this.#turnAway(waiter, new AcquireFailure(message, { kind: 'pool-full', phase: 'acquire' }));
  }

  #turnAway(waiter: Waiter<C>, failure: AcquireFailure): void {
    this.#forget(waiter);
    waiter.reject(failure);
  }

  #grant(waiter: Waiter<C>, id: string): void {
    const entry = this.#get(id);
    if (entry === undefined) return;
    this.#forget(waiter);
    waiter.grant(this.#lend(entry, waiter.turn));
  }

  #lend(entry: PooledConnection<C>, turn: number): Lease<C> {
    const { connection } = entry;
    const origin = entry.take(turn);
    if (origin === 'reused') this.#emit(entry, { type: 'reused', uses: entry.uses });
    let held = true;
    const release = (verdict: Verdict) => {
      if (held) this.#release(entry, verdict);
      held = false;
    };
    return { connection, origin, release };
  }

  #release(entry: PooledConnection<C>, verdict: Verdict): void {
    entry.giveBack(verdict, instant(this.#options.clock));
    this.#trim();
    this.#pump();
    this.#watch(entry);
  }

  #open(connectMs: number, { ahead }: { readonly ahead: boolean }): PooledConnection<C> | AcquireFailure {
    const { open, clock, policy } = this.#options;
    try {
      const entry = new PooledConnection<C>({
        now: instant(clock),
        ahead,
        open: (life) =>
          open({
            connectMs: ahead ? Math.min(connectMs, policy.spareMaxIdleMs) : connectMs,
            life,
            onCapacity: () => this.#pump(),
          }),
        onChange: (changed, state) => this.#onChange(changed, state),
      });
      this.#connections = [...this.#connections, entry];
      entry.connection.closed.then(() => this.#onGone(entry));
      return entry;
    } catch (error) {
      return AcquireFailure.from(error);
    }
  }

  #onChange(entry: PooledConnection<C>, state: ConnectionState): void {
    switch (state) {
      case 'connecting':
        break;
      case 'live':
        this.#onLive(entry);
        break;
      case 'retired':
        this.#emit(entry, { type: 'retired', reason: entry.life.reason ?? 'socket' });
        if (entry.connection.askedForCalm) this.#askLess();
        // It may have retired by itself (GOAWAY); whoever retires it now may still be about to take its stream off.
        queueMicrotask(() => {
          entry.endIfUnused();
          this.#pump();
        });
        break;
      case 'closed':
        if (!entry.opened) this.#onNotOpened(entry);
        break;
    }
  }

  #onLive(entry: PooledConnection<C>): void {
    const now = instant(this.#options.clock);
    const { ahead, connectingSince, connection } = entry;
    this.#turn += 1;
    entry.wentLive(now, this.#turn);
    this.#openingTime.note(now.mono - connectingSince.mono);
    const { rttMs } = connection;
    this.#emit(entry, { type: 'opened', ahead, ...(rttMs === undefined ? {} : { rttMs }) });
    for (const waiter of this.#waiters) waiter.openings.delete(entry);
    this.#pump();
    this.#watch(entry);
  }

  #onNotOpened(entry: PooledConnection<C>): void {
    const opener = [...this.#waiters].find((waiter) => waiter.openings.delete(entry));
    if (opener?.openings.size === 0) this.#turnAway(opener, AcquireFailure.from(entry.life.failure));
    this.#pump();
  }

  /** Its socket is gone. */
  #onGone(entry: PooledConnection<C>): void {
    this.#connections = this.#connections.filter((other) => other !== entry);
    const ageMs = elapsed(entry.openedAt, instant(this.#options.clock));
    if (entry.opened) this.#emit(entry, { type: 'closed', uses: entry.uses, ageMs });
    this.#pump();
    this.#leaveIfEmpty();
  }

  #prove(id: string): void {
    const entry = this.#get(id);
    if (entry === undefined) return;
    const { clock, policy, proof } = this.#options;
    prove(entry, {
      clock,
      deadlineMs: proof === 'peer' ? policy.proveTimeoutMs : undefined,
      onProved: (rttMs) => this.#emit(entry, { type: 'proved', rttMs }),
      onProgress: () => this.#pump(),
    });
  }

  #askLess(): void {
    this.#calm = Math.min(this.#calm * 2, MAX_CALM);
    const { policy } = this.#options;
    this.#policy = { ...this.#policy, proveAfterIdleMs: policy.proveAfterIdleMs * this.#calm };
  }

  /**
   * Opens spares for the requests to come; only a request asks for them, so that they go when traffic stops.
   * @param coming requests that are announced and not here yet.
   */
  #replenish(connectMs: number, coming = 0): void {
    if (this.#policy.spares === 0 || this.#draining) return;
    const now = this.#options.clock.now();
    const waiting = this.#waiters.size;
    const streams = this.#connections.reduce((sum, entry) => sum + entry.streams, 0);
    this.#peak.note(streams + waiting + coming, now);
    const demand = { waiting, peak: this.#peak.at(now) };
    for (let count = sparesToOpen(this.#connections, this.#policy, demand); count > 0; count -= 1)
      this.#open(connectMs, { ahead: true });
  }

  #trim(): void {
    if (this.#policy.maxUses > 1) return;
    let wanted = 0;
    for (const { openings } of this.#waiters) wanted += Math.max(1, openings.size);
    for (const id of surplus(this.#connections, this.#policy, wanted)) {
      const entry = this.#get(id);
      if (entry === undefined) continue;
      // It may have been opened for one who waits on, and will be given another: that is no failure to tell.
      for (const waiter of this.#waiters) waiter.openings.delete(entry);
      entry.retire('surplus');
    }
  }

  /** Looks again when this connection has been unused for as long as it may. */
  #watch(entry: PooledConnection<C>): void {
    this.#alarm.within(entry.remainingMs(instant(this.#options.clock), this.#policy));
  }

  /** Looks again when a connection that somebody counts on becomes slow to open. */
  #watchOpenings(): void {
    const now = instant(this.#options.clock);
    for (const { state, connectingSince } of this.#connections) {
      const leftMs = this.#openingTime.slowConnectMs - elapsed(connectingSince, now);
      if (state === 'connecting' && leftMs > 0) this.#alarm.within(leftMs);
    }
  }

  #watchAll(): void {
    for (const entry of this.#connections) this.#watch(entry);
    if (this.#waiters.size > 0) this.#watchOpenings();
  }

  #forget(waiter: Waiter<C>): void {
    this.#waiters.delete(waiter);
  }

  #leaveIfEmpty(): void {
    if (this.#connections.length + this.#waiters.size > 0) return;
    this.#alarm.cancel();
    this.#options.onEmpty();
  }

  #get(id: string): PooledConnection<C> | undefined {
    return this.#connections.find((entry) => entry.id === id);
  }

  #emit(entry: PooledConnection<C>, detail: PoolEventDetail): void {
    const { origin, clock, onEvent } = this.#options;
    onEvent({ connectionId: entry.id, origin, at: clock.wallNow(), ...detail });
  }
}

function isIdle({ state, streams }: ConnectionFacts): boolean {
  return state === 'live' && streams === 0;
}

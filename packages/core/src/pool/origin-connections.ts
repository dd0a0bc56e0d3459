import type { Clock } from '../time/clock.ts';
import { elapsed, type Instant, instant } from '../time/instant.ts';
import type { ConnectionState, ConnectionView, PoolEvent, PoolEventDetail } from '../transport/pool-event.ts';
import type { ReusePolicy } from '../transport/reuse-policy.ts';
import type { TransportStats } from '../transport/transport.ts';
import { AcquireFailure } from './acquire-failure.ts';
import { Alarm } from './alarm.ts';
import type { Connection, OpenRequest, ProofKind } from './connection.ts';
import { statsOf } from './connection-stats.ts';
import type { OriginMemory } from './origin-memory.ts';
import { readiest } from './plan.ts';
import { PooledConnection } from './pooled-connection.ts';
import { giveUp, prove } from './prove.ts';
import { type Survey, survey } from './survey.ts';

export interface OriginOptions<C extends Connection> {
  readonly origin: string;
  readonly policy: ReusePolicy;
  readonly proof: ProofKind;
  readonly clock: Clock;
  /** What was learnt of this origin before, and to what is added. */
  readonly memory: OriginMemory;
  readonly open: (request: Omit<OpenRequest, 'origin'>) => C;
  readonly onEvent: ((event: PoolEvent) => void) | undefined;
}

/** Hears what those who wait should know. */
export interface ConnectionsListener<C extends Connection> {
  /** Counts arrivals and connections; a later one has a higher number. */
  nextTurn(): number;
  /** It can be used. */
  onLive(entry: PooledConnection<C>): void;
  /** It could not be opened. */
  onNotOpened(entry: PooledConnection<C>): void;
  /** Anything else has changed: those who wait may have another plan now. */
  onChange(): void;
  /** Time alone may have changed something. */
  onAlarm(): void;
  /** Its socket is gone. */
  onGone(): void;
}

/** The connections to one origin: opened, proven, aged and told of. Who may use them is not decided here. */
export class OriginConnections<C extends Connection> {
  readonly #options: OriginOptions<C>;
  readonly #listener: ConnectionsListener<C>;
  readonly #alarm: Alarm;
  #all: readonly PooledConnection<C>[] = [];
  #policy: ReusePolicy;

  constructor(options: OriginOptions<C>, listener: ConnectionsListener<C>) {
    this.#options = options;
    this.#listener = listener;
    this.#policy = options.policy;
    this.#alarm = new Alarm(options.clock, () => {
      listener.onAlarm();
      for (const entry of this.#all) this.watch(entry);
    });
  }

  get all(): readonly PooledConnection<C>[] {
    return this.#all;
  }

  get(id: string): PooledConnection<C> | undefined {
    return this.#all.find((entry) => entry.id === id);
  }

  stats(): Omit<TransportStats, 'waiting'> {
    return statsOf(this.#all);
  }

  views(): readonly ConnectionView[] {
    const now = instant(this.#options.clock);
    return this.#all.map((entry) => entry.view(this.#options.origin, now));
  }

  /** Judges all connections, and retires those whose time is over. */
  survey(): Survey {
    const seen = this.#look();
    if (seen.over.length === 0) return seen;
    for (const { id, reason } of seen.over) this.get(id)?.retire(reason);
    return this.#look();
  }

  /** One that is ready for a request which comes now. */
  readiest(
    avoid: ReadonlySet<string> | undefined,
    now: Instant = instant(this.#options.clock),
  ): PooledConnection<C> | undefined {
    return readiest(this.#all, { now, policy: this.#duePolicy(), avoid });
  }

  /** @returns the failure when it cannot even be begun. */
  open(connectMs: number, { ahead }: { readonly ahead: boolean }): PooledConnection<C> | AcquireFailure {
    const { open, clock, policy } = this.#options;
    // What nobody waits for may take as long to be opened as it may be unused, and as long as others would count on it.
    const patienceMs = ahead
      ? Math.max(policy.spareMaxIdleMs, this.#options.memory.openingTime.slowConnectMs)
      : Number.POSITIVE_INFINITY;
    try {
      const entry = new PooledConnection<C>({
        now: instant(clock),
        ahead,
        open: (life) =>
          open({
            connectMs: Math.min(connectMs, patienceMs),
            life,
            onCapacity: () => this.#listener.onChange(),
          }),
        onChange: (changed, state) => this.#onChange(changed, state),
      });
      this.#all = [...this.#all, entry];
      entry.connection.closed.then(() => this.#onGone(entry));
      return entry;
    } catch (error) {
      return AcquireFailure.from(error);
    }
  }

  /** Has it prove that it is alive; the listener hears of each step. */
  prove(id: string): void {
    const entry = this.get(id);
    if (entry === undefined) return;
    const { clock, policy, proof } = this.#options;
    prove(entry, {
      clock,
      deadlineMs: proof === 'peer' ? policy.proveTimeoutMs : undefined,
      onProved: (rttMs) => this.emit(entry, { type: 'proved', rttMs }),
      onProgress: () => this.#listener.onChange(),
    });
  }

  /** Ends an unused connection, whose place somebody needs. */
  evict(id: string): void {
    const entry = this.get(id);
    if (entry?.proof === 'late') giveUp(entry);
    else entry?.retire('evicted');
  }

  /** Looks again when this connection has been unused for as long as it may. */
  watch(entry: PooledConnection<C>, now: Instant = instant(this.#options.clock)): void {
    this.#alarm.within(entry.remainingMs(now, this.#options.policy), now.mono);
  }

  /** Looks again when a connection becomes slow to open: somebody counts on it. */
  watchOpenings(): void {
    const now = instant(this.#options.clock);
    for (const { state, connectingSince } of this.#all) {
      const leftMs = this.#options.memory.openingTime.slowConnectMs - elapsed(connectingSince, now);
      if (state === 'connecting' && leftMs > 0) this.#alarm.within(leftMs);
    }
  }

  /** Nobody counts on anything: without an unused connection there is nothing to look for. */
  restIfBusy(): void {
    if (!this.#all.some(({ state, streams }) => state === 'live' && streams === 0)) this.#alarm.cancel();
  }

  emit(entry: PooledConnection<C>, detail: PoolEventDetail): void {
    const { origin, clock, onEvent } = this.#options;
    onEvent?.({ connectionId: entry.id, origin, at: clock.wallNow(), ...detail });
  }

  #look(): Survey {
    const { clock, memory } = this.#options;
    return survey(this.#all, instant(clock), this.#duePolicy(), memory.openingTime.slowConnectMs);
  }

  /** The policy, with proofs as often as they are due here. Kept, since every request asks. */
  #duePolicy(): ReusePolicy {
    const { policy, proof, memory } = this.#options;
    const proveAfterIdleMs = proof === 'local' ? 0 : policy.proveAfterIdleMs * memory.calm.factor;
    if (proveAfterIdleMs !== this.#policy.proveAfterIdleMs) this.#policy = { ...policy, proveAfterIdleMs };
    return this.#policy;
  }

  #onChange(entry: PooledConnection<C>, state: ConnectionState): void {
    switch (state) {
      case 'connecting':
        break;
      case 'live':
        this.#onLive(entry);
        break;
      case 'retired':
        if (entry.life.reason === 'socket' && entry.streams > 0) this.#doubtOthers(entry);
        this.emit(entry, { type: 'retired', reason: entry.life.reason ?? 'socket' });
        if (entry.connection.askedForCalm) this.#options.memory.calm.ask();
        // It may have retired by itself (GOAWAY); whoever retires it now may still be about to take its stream off.
        queueMicrotask(() => {
          entry.endIfUnused();
          this.#listener.onChange();
        });
        break;
      case 'closed':
        if (!entry.opened) this.#listener.onNotOpened(entry);
        break;
    }
  }

  /**
   * What ends a connection under a request, a process that was killed or a way that was cut, has mostly ended its siblings, too: that
   * nobody has told of it yet must not cost the next attempt. One that ends unused proves nothing, peers end what rests.
   */
  #doubtOthers(ended: PooledConnection<C>): void {
    const doubtedAt = instant(this.#options.clock);
    for (const entry of this.#all) if (entry !== ended && entry.state === 'live') entry.doubtedAt = doubtedAt;
  }

  #onLive(entry: PooledConnection<C>): void {
    const now = instant(this.#options.clock);
    const { ahead, connectingSince, connection } = entry;
    entry.wentLive(now, this.#listener.nextTurn());
    this.#options.memory.openingTime.note(now.mono - connectingSince.mono);
    const { rttMs } = connection;
    this.emit(entry, { type: 'opened', ahead, ...(rttMs === undefined ? {} : { rttMs }) });
    this.#listener.onLive(entry);
    this.watch(entry);
  }

  #onGone(entry: PooledConnection<C>): void {
    this.#all = this.#all.filter((other) => other !== entry);
    const ageMs = elapsed(entry.openedAt, instant(this.#options.clock));
    if (entry.opened) this.emit(entry, { type: 'closed', uses: entry.uses, ageMs });
    this.#listener.onGone();
  }
}

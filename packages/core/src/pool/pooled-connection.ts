import { elapsed, type Instant } from '../time/instant.ts';
import type { ConnectionState, ConnectionView, RetireReason } from '../transport/pool-event.ts';
import type { ReusePolicy } from '../transport/reuse-policy.ts';
import type { ConnectionOrigin } from '../transport/transport.ts';
import { type ConnectionFacts, idleLimit } from './admission.ts';
import type { Connection } from './connection.ts';
import { ConnectionLife } from './connection-life.ts';
import type { Verdict } from './lease.ts';

export interface PooledConnectionOptions<C extends Connection> {
  readonly now: Instant;
  /** Opened before a request asked for it. */
  readonly ahead: boolean;
  readonly open: (life: ConnectionLife) => C;
  readonly onChange: (entry: PooledConnection<C>, state: ConnectionState) => void;
}

/** The pool's books on one connection, which are also the facts that `admit()` and `plan()` decide from. */
export class PooledConnection<C extends Connection> implements ConnectionFacts {
  readonly connection: C;
  readonly life: ConnectionLife;
  readonly ahead: boolean;
  readonly connectingSince: Instant;
  uses = 0;
  streams = 0;
  openedAt: Instant;
  usedAt: Instant;
  doubtedAt: Instant | undefined;
  proof: ConnectionFacts['proof'] = 'none';
  /** The turn of the pool at which it went live; undefined before. */
  #liveTurn: number | undefined;
  /** Streams the peer has refused on it. */
  #refusals = 0;

  constructor({ now, ahead, open, onChange }: PooledConnectionOptions<C>) {
    this.ahead = ahead;
    this.connectingSince = now;
    this.openedAt = now;
    this.usedAt = now;
    this.life = new ConnectionLife((state) => onChange(this, state));
    this.connection = open(this.life);
  }

  get id(): string {
    return this.connection.id;
  }

  get state(): ConnectionState {
    return this.life.state;
  }

  get heardAt(): Instant {
    return this.connection.heardAt;
  }

  get peerMaxStreams(): number {
    return this.connection.peerMaxStreams ?? this.connection.assumedMaxStreams;
  }

  get limitKnown(): boolean {
    return this.connection.peerMaxStreams !== undefined;
  }

  get peerIdleMs(): number {
    return this.connection.peerIdleMs;
  }

  /** It has been live, and was told of. */
  get opened(): boolean {
    return this.#liveTurn !== undefined;
  }

  wentLive(now: Instant, turn: number): void {
    this.#liveTurn = turn;
    this.openedAt = now;
    this.usedAt = now;
  }

  /** Takes one request, which came at that turn; says how the connection came to be there for it. */
  take(turn: number): ConnectionOrigin {
    const readyBefore = this.#liveTurn !== undefined && this.#liveTurn < turn;
    const origin = this.uses > 0 ? 'reused' : readyBefore ? 'prewarmed' : 'fresh';
    this.uses += 1;
    this.streams += 1;
    return origin;
  }

  /** A request has left it. */
  giveBack(verdict: Verdict, now: Instant): void {
    this.streams -= 1;
    this.usedAt = now;
    if (verdict === 'refused') {
      this.#refusals += 1;
      if (this.#refusals > 1) this.retire('refused-twice');
    } else if (verdict !== 'keep') {
      this.retire(verdict);
    }
    this.endIfUnused();
  }

  /** Takes no new request; ends as soon as it carries none, at once while it is still connecting. */
  retire(reason: RetireReason): void {
    if (this.state === 'connecting') {
      this.connection.destroy(reason);
      return;
    }
    this.life.retire(reason);
    this.endIfUnused();
  }

  endIfUnused(): void {
    if (this.state === 'retired' && this.streams === 0) this.connection.end(this.life.reason ?? 'socket');
  }

  /** How long until it is over if nobody uses it, in milliseconds; infinite while somebody does. */
  remainingMs(now: Instant, policy: ReusePolicy): number {
    if (this.state !== 'live' || this.streams > 0) return Number.POSITIVE_INFINITY;
    const idleMs = idleLimit(this, policy) - elapsed(this.usedAt, now);
    return Math.min(idleMs, policy.maxAgeMs - elapsed(this.openedAt, now));
  }

  view(origin: string, now: Instant): ConnectionView {
    const { id, rttMs, peerMaxStreams } = this.connection;
    const { state, uses, streams, life } = this;
    return {
      id,
      origin,
      state,
      uses,
      streams,
      ageMs: this.opened ? elapsed(this.openedAt, now) : 0,
      ...(rttMs === undefined ? {} : { rttMs }),
      ...(peerMaxStreams === undefined ? {} : { peerMaxStreams }),
      ...(life.reason === undefined ? {} : { retireReason: life.reason }),
    };
  }
}

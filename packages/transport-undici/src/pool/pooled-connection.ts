import type { ConnectionOrigin, ConnectionView, RetireReason } from '@ferry/core';
import type { ConnectionFacts } from './admission.ts';
import { type Connection, elapsed, type Instant } from './connection.ts';
import type { Verdict } from './lease.ts';

/** The pool's books on one connection. */
export class PooledConnection<C extends Connection> {
  readonly connection: C;
  uses = 0;
  streams = 0;
  /** Opened before a request asked for it. */
  readonly ahead: boolean;
  readonly connectingSince: Instant;
  /** It has been live, and was told of. */
  opened = false;
  openedAt: Instant;
  usedAt: Instant;
  proof: 'none' | 'out' | 'late' = 'none';
  /** Streams the peer has refused on it. */
  #refusals = 0;

  constructor(connection: C, now: Instant, { ahead }: { readonly ahead: boolean }) {
    this.connection = connection;
    this.ahead = ahead;
    this.connectingSince = now;
    this.openedAt = now;
    this.usedAt = now;
  }

  wentLive(now: Instant): void {
    this.opened = true;
    this.openedAt = now;
    this.usedAt = now;
  }

  /** Takes one request, which has waited since then; says how the connection came to be there for it. */
  take(since: Instant): ConnectionOrigin {
    const readyBefore = this.openedAt.mono <= since.mono;
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
    if (this.connection.state === 'connecting') {
      this.connection.destroy(reason);
      return;
    }
    this.connection.retire(reason);
    this.endIfUnused();
  }

  endIfUnused(): void {
    const { connection } = this;
    if (connection.state === 'retired' && this.streams === 0)
      connection.end(connection.retireReason ?? 'socket');
  }

  /** @param assumed the stream limit that counts until the peer has told its own. */
  facts(assumed: number): ConnectionFacts {
    const { id, state, heardAt, peerMaxStreams: told } = this.connection;
    const { connectingSince, uses, streams, openedAt, usedAt, proof } = this;
    const peerMaxStreams = told ?? assumed;
    const limitKnown = told !== undefined;
    const limits = { peerMaxStreams, limitKnown };
    return { id, state, connectingSince, uses, streams, ...limits, openedAt, usedAt, heardAt, proof };
  }

  view(origin: string, now: Instant): ConnectionView {
    const { id, state, rttMs, peerMaxStreams, retireReason } = this.connection;
    return {
      id,
      origin,
      state,
      uses: this.uses,
      streams: this.streams,
      ageMs: this.opened ? elapsed(this.openedAt, now) : 0,
      rttMs,
      ...(peerMaxStreams === undefined ? {} : { peerMaxStreams }),
      ...(retireReason === undefined ? {} : { retireReason }),
    };
  }
}

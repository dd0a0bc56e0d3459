import type {
  Clock,
  ConnectionView,
  PoolEvent,
  PoolEventDetail,
  RetireReason,
  ReusePolicy,
  TransportStats,
} from '@ferry/core';
import { plan, whyNot } from './admission.ts';
import { Connection, type ConnectionOwner } from './connection.ts';
import { ConnectFailure, type Connector } from './connector.ts';
import { Opening } from './opening.ts';
import { OpeningTime } from './opening-time.ts';
import { RecentPeak } from './recent-peak.ts';
import { Standby } from './standby.ts';
import { PoolRefusal, Ticket, type Want } from './ticket.ts';

export interface OriginPoolParts {
  readonly policy: ReusePolicy;
  readonly clock: Clock;
  readonly connector: Connector;
  onEvent(event: PoolEvent): void;
  /** Called when nothing is left in it: no connection, none on its way, nobody waiting. */
  onEmpty(pool: OriginPool): void;
}

/** The connections to one origin. The same code serves every policy; none of it asks which profile it runs. */
export class OriginPool implements ConnectionOwner {
  readonly origin: string;
  readonly #url: URL;
  readonly #parts: OriginPoolParts;
  readonly #connections = new Set<Connection>();
  readonly #standby: Standby;
  readonly #opening = new Set<Opening>();
  readonly #openingTime = new OpeningTime();
  readonly #waiting: Ticket[] = [];
  /** Tickets whose connection is being looked at once more before use. */
  readonly #confirming = new Set<Ticket>();
  readonly #peak: RecentPeak;
  #draining = false;

  constructor(url: URL, parts: OriginPoolParts) {
    this.origin = url.origin;
    this.#url = new URL(url.origin);
    this.#parts = parts;
    this.#standby = new Standby(parts.policy, parts.clock);
    this.#peak = new RecentPeak(parts.policy.spareMaxIdleMs);
  }

  /** Settles with a lease, a `ConnectFailure` or a `PoolRefusal`. `ticket.refuse()` gives up the wait. */
  acquire(want: Want): Ticket {
    const ticket = new Ticket(want);
    if (this.#waiting.length > 0 || !this.#place(ticket)) this.#enqueue(ticket);
    this.#peak.note(this.#demand(), this.#parts.clock.now());
    return ticket;
  }

  stats(): TransportStats {
    const all = [...this.#connections];
    const alive = all.filter((connection) => !connection.retired);
    return {
      live: alive.length,
      spare: this.#standby.spares,
      connecting: this.#opening.size,
      retired: all.length - alive.length,
      streams: all.filter((connection) => connection.occupied).length,
      waiting: this.#waiting.filter(({ openings }) => openings.size === 0).length,
    };
  }

  views(): readonly ConnectionView[] {
    return [...this.#connections].map((connection) => connection.view(this.origin));
  }

  /** Lets accepted requests finish, those that wait for a place included, and closes what they do not need. */
  drain(): void {
    this.#draining = true;
    for (const opening of this.#opening) if (!opening.ticket) opening.pending.cancel();
    const needed = this.#waiting.length > 0;
    for (const connection of this.#connections) {
      if (!needed || !connection.occupied) connection.retire('transport-closed');
    }
  }

  /** Refuses whoever waits and destroys every socket; resolves when all have closed. */
  async destroy(): Promise<void> {
    const refusal = new PoolRefusal('closed', 'the transport was closed');
    for (const ticket of [...this.#waiting.splice(0), ...this.#confirming]) ticket.refuse(refusal);
    const openings = [...this.#opening];
    for (const { ticket, pending } of openings) {
      ticket?.refuse(refusal);
      pending.cancel();
    }
    for (const connection of this.#connections) connection.destroy('transport-closed');
    await Promise.allSettled(openings.map(({ pending }) => pending.ready));
    await Promise.all([...this.#connections].map(({ whenClosed }) => whenClosed));
  }

  mayKeep(connection: Connection): boolean {
    const unneeded = this.#draining && this.#waiting.length === 0 ? 'transport-closed' : undefined;
    const reason = whyNot(connection.facts(), this.#parts.policy) ?? unneeded;
    if (reason !== undefined) {
      connection.retire(reason);
      return false;
    }
    this.#standby.add(connection);
    this.#serveWaiting();
    return true;
  }

  retired(connection: Connection, reason: RetireReason): void {
    this.#standby.remove(connection);
    this.#tell(connection, { type: 'retired', reason });
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection);
    this.#tell(connection, { type: 'closed', uses: connection.uses, ageMs: connection.facts().ageMs });
    this.#placeFreed();
  }

  /** Starts whatever the plan says; false when the ticket has to wait. */
  #place(ticket: Ticket): boolean {
    this.#standby.expire();
    const { slowConnectMs } = this.#openingTime;
    const step = plan(
      this.#standby.connections,
      (connection) => !ticket.want.avoid?.has(connection.id),
      { taken: this.#taken(), openingAhead: this.#openingAhead(), slowConnectMs },
      this.#parts.policy,
    );
    switch (step.do) {
      case 'reuse':
        this.#standby.remove(step.connection);
        this.#confirm(ticket, step.connection);
        return true;
      case 'adopt':
        return this.#assign(step.opening, ticket);
      case 'open':
        return this.#assign(this.#open(false), ticket);
      case 'replace':
        step.connection.retire('evicted');
        return this.#assign(this.#open(false), ticket);
      case 'wait':
        return false;
    }
  }

  #enqueue(ticket: Ticket): void {
    const { maxWaiting } = this.#parts.policy;
    if (this.#waiting.length >= maxWaiting) {
      ticket.refuse(
        new PoolRefusal('pool-full', `no free connection and ${maxWaiting} requests waiting for one`),
      );
      return;
    }
    this.#waiting.push(ticket);
    ticket.lease.catch(() => this.#leaveQueue(ticket));
  }

  #leaveQueue(ticket: Ticket): void {
    const at = this.#waiting.indexOf(ticket);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  /** What the request counts on is slow to open: it gets a second chance, once, at the head of the queue if need be. */
  #hedge(ticket: Ticket): void {
    if (ticket.settled || ticket.hedged || this.#confirming.has(ticket)) return;
    ticket.hedged = true;
    if (this.#place(ticket)) return;
    this.#waiting.unshift(ticket);
    ticket.lease.catch(() => this.#leaveQueue(ticket));
  }

  #serveWaiting(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (!next.settled && !this.#place(next)) return;
      this.#waiting.shift();
    }
  }

  /**
   * Uses a connection that has stood by only after the event loop has polled once more: an end or a reset that has already
   * reached this machine is then known, and the request takes another connection instead of failing on this one.
   */
  #confirm(ticket: Ticket, connection: Connection): void {
    this.#confirming.add(ticket);
    setImmediate(() => {
      this.#confirming.delete(ticket);
      if (connection.retired || !connection.sound) {
        connection.retire('socket');
        if (!ticket.settled && !this.#place(ticket)) this.#waiting.unshift(ticket);
        this.#placeFreed();
      } else if (ticket.settled) {
        this.#standby.add(connection);
        this.#serveWaiting();
      } else {
        this.#lease(ticket, connection);
      }
    });
  }

  #lease(ticket: Ticket, connection: Connection): void {
    const lease = connection.lease();
    if (lease.origin === 'reused') this.#tell(connection, { type: 'reused', uses: connection.uses });
    ticket.settle(lease);
    this.#leaveQueue(ticket);
    for (const opening of this.#opening) if (opening.ticket === ticket) this.#release(opening);
    this.#openAhead();
  }

  /** Its request has another connection. It may still become a spare, or one that is shared. */
  #release(opening: Opening): void {
    const { policy } = this.#parts;
    const spares = this.#openingAhead().length + this.#standby.spares;
    opening.release(policy.spareMaxIdleMs);
    if (this.#draining || (policy.maxUses === 1 && spares >= policy.spares)) opening.pending.cancel();
  }

  #assign(opening: Opening, ticket: Ticket): true {
    if (ticket.openings.size === 0) ticket.want.onConnecting();
    opening.assign(ticket, this.#openingTime.slowConnectMs, () => this.#hedge(ticket));
    return true;
  }

  #open(ahead: boolean): Opening {
    const { clock, connector, policy } = this.#parts;
    const pending = connector.connect(this.#url, { unref: ahead });
    const opening = new Opening(pending, { ahead, clock });
    if (ahead) opening.release(policy.spareMaxIdleMs);
    this.#opening.add(opening);
    const failed = (error: Error): void => {
      this.#opening.delete(opening);
      opening.ended();
      const { ticket } = opening;
      if (ticket?.openings.size === 0 && !this.#confirming.has(ticket)) ticket.refuse(error);
      this.#placeFreed();
    };
    pending.ready.then((socket) => {
      if (socket.destroyed) {
        return failed(new ConnectFailure('connect', new Error('closed as soon as it was opened')));
      }
      this.#opening.delete(opening);
      opening.ended();
      this.#openingTime.note(opening.awakeMs);
      const ticket = opening.ticket ?? this.#firstConnecting();
      const connection = new Connection(socket, this.#url, { openedAhead: ahead, clock, owner: this });
      this.#connections.add(connection);
      this.#tell(connection, { type: 'opened', ahead });
      if (ticket && !ticket.settled) return this.#lease(ticket, connection);
      if (ticket || this.#draining) return connection.destroy('surplus');
      this.#standby.add(connection);
      return this.#serveWaiting();
    }, failed);
    return opening;
  }

  /** Keeps as many spares as there were requests at once lately, up to the policy's number. Only use makes new ones. */
  #openAhead(): void {
    if (this.#draining) return;
    const { policy, clock } = this.#parts;
    const wanted = Math.min(policy.spares, this.#peak.note(this.#demand(), clock.now()));
    let spares = this.#openingAhead().length + this.#standby.spares;
    for (; spares < wanted && this.#taken() < policy.maxConnections; spares++) this.#open(true);
  }

  #placeFreed(): void {
    this.#serveWaiting();
    if (this.#taken() + this.#waiting.length + this.#confirming.size === 0) this.#parts.onEmpty(this);
  }

  #taken(): number {
    return this.#connections.size + this.#opening.size;
  }

  #openingAhead(): readonly Opening[] {
    return [...this.#opening].filter(({ ticket }) => !ticket);
  }

  /** The request that has counted on a connection being opened for longest. */
  #firstConnecting(): Ticket | undefined {
    for (const { ticket } of this.#opening) if (ticket && !ticket.settled) return ticket;
    return undefined;
  }

  #demand(): number {
    const wanting = new Set([...this.#confirming, ...this.#waiting]);
    for (const { ticket } of this.#opening) if (ticket) wanting.add(ticket);
    return this.stats().streams + wanting.size;
  }

  #tell(connection: Connection, detail: PoolEventDetail): void {
    const { clock, onEvent } = this.#parts;
    onEvent({ connectionId: connection.id, origin: this.origin, at: clock.wallNow(), ...detail });
  }
}

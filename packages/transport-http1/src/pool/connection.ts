import type { Socket } from 'node:net';
import type { Clock, ConnectionOrigin, ConnectionView, RetireReason } from '@ferry/core';
import { ConnectionAgent } from '../agent.ts';
import { elapsedMs, type Moment, momentOf } from '../time.ts';
import type { ConnectionFacts } from './admission.ts';

/**
 * A connection only moves forward: unoccupied and occupied take turns until it is retired, and a retired one closes when
 * its request has ended, at once when it has none. Nothing brings it back.
 */
export interface ConnectionOwner {
  /** An exchange has ended cleanly: may the connection be used again? True keeps it, unoccupied. */
  mayKeep(connection: Connection): boolean;
  retired(connection: Connection, reason: RetireReason): void;
  /** The socket has closed; called once. */
  closed(connection: Connection): void;
}

/** One request's hold on a connection. */
export interface Lease {
  readonly connection: Connection;
  readonly origin: ConnectionOrigin;
  /** Resolves when the connection has been given back or has closed. */
  readonly ended: Promise<void>;
  /** Whether a byte of this request may have left: bytes handed to the socket count, sent or not. */
  wroteAnything(): boolean;
}

let count = 0;

export class Connection {
  /** Unique in this process. */
  readonly id: string;
  readonly openedAhead: boolean;
  readonly socket: Socket;
  readonly agent: ConnectionAgent;
  /** Resolves when the socket has closed. */
  readonly whenClosed: Promise<void>;
  /** How long the peer lets it idle, in milliseconds; 0 never to use it again. The exchange learns it. */
  peerIdleLimitMs: number = Number.POSITIVE_INFINITY;
  /** What the socket failed with, if it did. */
  socketError: Error | undefined;

  readonly #owner: ConnectionOwner;
  readonly #clock: Clock;
  readonly #openedAt: Moment;
  #usedAt: Moment;
  #uses = 0;
  #endLease: (() => void) | undefined;
  #retired: RetireReason | undefined;

  constructor(
    socket: Socket,
    url: URL,
    about: { readonly openedAhead: boolean; readonly clock: Clock; readonly owner: ConnectionOwner },
  ) {
    this.id = `h1-${++count}`;
    this.openedAhead = about.openedAhead;
    this.socket = socket;
    this.#owner = about.owner;
    this.#clock = about.clock;
    this.#openedAt = momentOf(about.clock);
    this.#usedAt = this.#openedAt;
    const protocol = url.protocol === 'https:' ? 'https:' : 'http:';
    this.agent = new ConnectionAgent(socket, protocol, () => this.#release());
    socket.on('error', (error) => {
      this.socketError ??= error;
    });
    // While a request is on the wire the end may belong to its answer, and Node's parser decides.
    socket.on('end', () => this.retire('socket'));
    this.whenClosed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#retire('socket');
        this.#vacate();
        this.#owner.closed(this);
        resolve();
      });
    });
  }

  get uses(): number {
    return this.#uses;
  }

  get occupied(): boolean {
    return this.#endLease !== undefined;
  }

  get retired(): boolean {
    return this.#retired !== undefined;
  }

  /** Whether the socket shows no sign of its end, and no byte that nobody asked for. */
  get sound(): boolean {
    const { socket } = this;
    return !socket.destroyed && socket.writable && !socket.readableEnded && socket.readableLength === 0;
  }

  facts(): ConnectionFacts {
    const now = momentOf(this.#clock);
    return {
      uses: this.#uses,
      ageMs: elapsedMs(this.#openedAt, now),
      idleMs: elapsedMs(this.#usedAt, now),
      peerIdleLimitMs: this.peerIdleLimitMs,
    };
  }

  view(origin: string): ConnectionView {
    return {
      id: this.id,
      origin,
      state: this.retired ? 'retired' : 'live',
      uses: this.#uses,
      streams: this.occupied ? 1 : 0,
      ageMs: this.facts().ageMs,
      ...(this.#retired && { retireReason: this.#retired }),
    };
  }

  /** Takes the connection for one request. */
  lease(): Lease {
    const origin = this.#uses > 0 ? 'reused' : this.openedAhead ? 'prewarmed' : 'fresh';
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    this.#endLease = resolve;
    this.#uses += 1;
    this.socket.ref();
    const bytesBefore = this.socket.bytesWritten;
    return { connection: this, origin, ended, wroteAnything: () => this.socket.bytesWritten > bytesBefore };
  }

  /** Takes no further request; closes now unless a request is on it. */
  retire(reason: RetireReason): void {
    this.#retire(reason);
    if (!this.occupied) this.socket.destroy();
  }

  /** Retires and closes now, whatever is on it. */
  destroy(reason: RetireReason): void {
    this.#retire(reason);
    this.socket.destroy();
    this.#vacate();
  }

  #retire(reason: RetireReason): void {
    if (this.#retired !== undefined) return;
    this.#retired = reason;
    this.#owner.retired(this, reason);
  }

  /** Asked by the agent when the exchange has ended cleanly; false has it destroy the socket. */
  #release(): boolean {
    this.#usedAt = momentOf(this.#clock);
    const keep = !this.retired && this.sound;
    this.#vacate();
    // After the hold has ended, since the owner may give the connection to a waiting request at once.
    return keep && this.#owner.mayKeep(this);
  }

  #vacate(): void {
    const end = this.#endLease;
    this.#endLease = undefined;
    end?.();
  }
}

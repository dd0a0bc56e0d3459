import type { Clock } from '../time/clock.ts';
import { type Instant, instant } from '../time/instant.ts';
import { AcquireFailure } from './acquire-failure.ts';
import type { Connection } from './connection.ts';
import type { Lease } from './lease.ts';
import type { PooledConnection } from './pooled-connection.ts';

/** What a request that has to wait says about itself. */
export interface WaitOptions {
  /** The longest wait for a connection, its opening included, in milliseconds. */
  readonly connectMs: number;
  /** Ids of connections it must not use. */
  readonly avoid: ReadonlySet<string> | undefined;
  /** Called once when the wait for a place is over and the wait for a connection that is being opened begins. */
  readonly onConnecting: () => void;
}

/** A request's wait for its connection. */
export interface Waiting<C extends Connection> {
  /** Resolves with a place, rejects with `AcquireFailure`. */
  readonly lease: Promise<Lease<C>>;
  /** Gives up: an abort, a limit. Nothing happens when it has been answered already. */
  leave(kind: 'timeout' | 'aborted' | 'closed', message: string, cause?: unknown): void;
}

interface WaiterOptions extends WaitOptions {
  readonly clock: Clock;
  /** Counts arrivals and connections; a later one has a higher number. */
  readonly turn: number;
  /** Called once when it leaves without a connection by itself: its time is up, or its caller gave up. */
  readonly onGone: () => void;
}

/** One request that waits. It is answered exactly once, and leaves no timer behind. */
export class Waiter<C extends Connection> implements Waiting<C> {
  readonly lease: Promise<Lease<C>>;
  readonly since: Instant;
  /** The connections that are being opened for it: one, or two after a hedge. */
  readonly openings: Set<PooledConnection<C>> = new Set();
  /** One more was opened for it because others were slow; that happens once. */
  hedged = false;
  /** It counts on a connection that is being opened, for it or for another. */
  expectsOpening = false;
  /** It has counted on one: from then on it waits in phase `connect`. */
  #connecting = false;
  readonly #options: WaiterOptions;
  #cancelLimit: (() => void) | undefined;
  readonly #resolve: (lease: Lease<C>) => void;
  readonly #reject: (failure: AcquireFailure) => void;
  #answered = false;

  constructor(options: WaiterOptions) {
    this.#options = options;
    this.since = instant(options.clock);
    const { promise, resolve, reject } = Promise.withResolvers<Lease<C>>();
    this.lease = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get avoid(): ReadonlySet<string> | undefined {
    return this.#options.avoid;
  }

  get connectMs(): number {
    return this.#options.connectMs;
  }

  get turn(): number {
    return this.#options.turn;
  }

  /** Starts the limit of the wait, unless it is over already: some get their connection at once. */
  startLimit(): void {
    if (this.#answered) return;
    this.#cancelLimit = this.#options.clock.after(this.connectMs, () =>
      this.leave('timeout', `no connection within connectMs (${this.connectMs} ms)`),
    );
  }

  /** @param entry what is being opened for it; undefined when it counts on one that was opened for another. */
  expectOpening(entry?: PooledConnection<C>): void {
    if (entry !== undefined) this.openings.add(entry);
    this.expectsOpening = true;
    if (this.#connecting) return;
    this.#connecting = true;
    this.#options.onConnecting();
  }

  grant(lease: Lease<C>): void {
    if (this.#settle()) this.#resolve(lease);
  }

  reject(failure: AcquireFailure): void {
    if (this.#settle()) this.#reject(failure);
  }

  leave(kind: 'timeout' | 'aborted' | 'closed', message: string, cause?: unknown): void {
    if (!this.#settle()) return;
    const phase = this.#connecting ? 'connect' : 'acquire';
    this.#reject(new AcquireFailure(message, { kind, phase, cause }));
    this.#options.onGone();
  }

  #settle(): boolean {
    if (this.#answered) return false;
    this.#answered = true;
    this.#cancelLimit?.();
    return true;
  }
}

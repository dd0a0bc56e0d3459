import type { Lease } from './connection.ts';
import type { PendingSocket } from './connector.ts';

/** Why the pool refused a request before it had a connection. */
export class PoolRefusal extends Error {
  override readonly name: string = 'PoolRefusal';
  readonly kind: 'pool-full' | 'closed' | 'aborted';

  constructor(kind: 'pool-full' | 'closed' | 'aborted', message: string) {
    super(message);
    this.kind = kind;
  }
}

/** What a request asks of the pool. */
export interface Want {
  readonly avoid: ReadonlySet<string> | undefined;
  /** Called when a connection is being opened for this request: the wait for a place is over. */
  onConnecting(): void;
}

/** One request's way to a lease. It settles once; what it held is then given back by whoever finds it settled. */
export class Ticket {
  readonly want: Want;
  readonly lease: Promise<Lease>;
  /** The sockets being opened for it: one, or two after a hedge. */
  readonly openings: Set<PendingSocket> = new Set();
  /** It asked for one more because the one it counts on is slow; that happens once. */
  hedged = false;
  #settled = false;
  readonly #resolve: (lease: Lease) => void;
  readonly #reject: (error: Error) => void;

  constructor(want: Want) {
    this.want = want;
    const { promise, resolve, reject } = Promise.withResolvers<Lease>();
    this.lease = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get settled(): boolean {
    return this.#settled;
  }

  settle(lease: Lease): void {
    this.#settled = true;
    this.#resolve(lease);
  }

  refuse(error: Error): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#reject(error);
    for (const pending of this.openings) pending.cancel();
  }
}

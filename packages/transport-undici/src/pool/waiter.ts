import type { Clock } from '@ferry/core';
import { AcquireFailure } from './acquire-failure.ts';
import { type Instant, instant } from './connection.ts';

export interface WaiterOptions {
  readonly clock: Clock;
  /** The longest wait for a connection, its opening included, in milliseconds. */
  readonly connectMs: number;
  readonly avoid: ReadonlySet<string> | undefined;
  /** Called when a connection begins to be opened for this request. */
  readonly onConnecting: () => void;
  /** Called once when it leaves without a connection by itself: its time is up, or its caller gave up. */
  readonly onGone: () => void;
}

interface Answer<Lease> {
  readonly resolve: (lease: Lease) => void;
  readonly reject: (failure: AcquireFailure) => void;
}

/** One request that waits for its connection. It is answered exactly once, and leaves no timer behind. */
export class Waiter<Lease> {
  readonly avoid: ReadonlySet<string> | undefined;
  readonly connectMs: number;
  readonly since: Instant;
  readonly lease: Promise<Lease>;
  /** The connections that are being opened for it: one, or two after a hedge. */
  readonly openings: Set<string> = new Set();
  /** One more was opened for it because others were slow; that happens once. */
  hedged = false;
  readonly #options: WaiterOptions;
  #cancelLimit: (() => void) | undefined;
  #answer: Answer<Lease> | undefined;

  constructor(options: WaiterOptions) {
    this.#options = options;
    this.avoid = options.avoid;
    this.connectMs = options.connectMs;
    this.since = instant(options.clock);
    this.lease = new Promise((resolve, reject) => {
      this.#answer = { resolve, reject };
    });
  }

  /** Starts the limit of the wait, unless it is over already: most requests get their connection at once. */
  startLimit(): void {
    if (this.#answer === undefined) return;
    this.#cancelLimit = this.#options.clock.after(this.connectMs, () =>
      this.leave('timeout', `no connection within ${this.connectMs} ms`),
    );
  }

  connecting(id: string): void {
    this.openings.add(id);
    if (this.openings.size === 1) this.#options.onConnecting();
  }

  grant(lease: Lease): void {
    this.#take()?.resolve(lease);
  }

  reject(failure: AcquireFailure): void {
    this.#take()?.reject(failure);
  }

  /** Gives up waiting; nothing happens when it has been answered already. */
  leave(kind: 'timeout' | 'aborted' | 'closed', message: string, cause?: unknown): void {
    const answer = this.#take();
    if (answer === undefined) return;
    const phase = this.openings.size === 0 ? 'acquire' : 'connect';
    answer.reject(new AcquireFailure(message, { kind, phase, cause }));
    this.#options.onGone();
  }

  #take(): Answer<Lease> | undefined {
    const answer = this.#answer;
    this.#answer = undefined;
    this.#cancelLimit?.();
    return answer;
  }
}

import type { Clock, ReusePolicy } from '@ferry/core';
import { afterMs } from '../time.ts';
import { idleLimitMs, whyNot } from './admission.ts';
import type { Connection } from './connection.ts';

/** The connections of a pool that stand by without a request. Each is retired when its time is over. */
export class Standby {
  readonly #policy: ReusePolicy;
  readonly #clock: Clock;
  /** With the canceller of its expiry; a Map keeps the order of insertion, so the last used is last. */
  readonly #expiry = new Map<Connection, () => void>();

  constructor(policy: ReusePolicy, clock: Clock) {
    this.#policy = policy;
    this.#clock = clock;
  }

  /** Last used last. */
  get connections(): readonly Connection[] {
    return [...this.#expiry.keys()];
  }

  /** How many have never carried a request. */
  get spares(): number {
    return this.connections.filter(({ uses }) => uses === 0).length;
  }

  add(connection: Connection): void {
    // Neither the socket nor its timer keeps the process running.
    connection.socket.unref();
    const facts = connection.facts();
    const left = Math.min(idleLimitMs(facts, this.#policy), this.#policy.maxAgeMs - facts.ageMs);
    const expire = (): void => connection.retire(whyNot(connection.facts(), this.#policy) ?? 'idle');
    this.#expiry.set(connection, afterMs(this.#clock, left, expire, { keepAlive: false }));
  }

  remove(connection: Connection): void {
    this.#expiry.get(connection)?.();
    this.#expiry.delete(connection);
  }

  /** Retires what has outlived its time unnoticed: timers stand still while a machine is suspended. */
  expire(): void {
    for (const connection of this.connections) {
      const reason = whyNot(connection.facts(), this.#policy);
      if (reason !== undefined) connection.retire(reason);
    }
  }
}

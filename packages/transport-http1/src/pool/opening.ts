import type { Clock } from '@ferry/core';
import { afterMs, elapsedMs, type Moment, momentOf } from '../time.ts';
import type { OpeningFacts } from './admission.ts';
import type { PendingSocket } from './connector.ts';
import type { Ticket } from './ticket.ts';

/** A socket on its way, and who it is for; nobody when it is opened ahead. It has one timer at most, and none once it has ended. */
export class Opening implements OpeningFacts {
  readonly pending: PendingSocket;
  readonly ahead: boolean;
  readonly #clock: Clock;
  readonly #since: Moment;
  #ticket: Ticket | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(pending: PendingSocket, about: { readonly ahead: boolean; readonly clock: Clock }) {
    this.pending = pending;
    this.ahead = about.ahead;
    this.#clock = about.clock;
    this.#since = momentOf(about.clock);
  }

  get connectingMs(): number {
    return elapsedMs(this.#since, momentOf(this.#clock));
  }

  /** As `connectingMs`, without the time that the machine was suspended. */
  get awakeMs(): number {
    return this.#clock.now() - this.#since.monotonic;
  }

  /** The request that counts on it. */
  get ticket(): Ticket | undefined {
    return this.#ticket;
  }

  /** Is for this request from now on; calls back once when it is older than `slowMs` and still not ready. */
  assign(ticket: Ticket, slowMs: number, onSlow: () => void): void {
    this.#ticket = ticket;
    ticket.openings.add(this.pending);
    this.#after(slowMs, onSlow);
  }

  /** Is for nobody from now on, keeps no process running, and is given up when it is older than `patienceMs`. */
  release(patienceMs: number): void {
    this.#ticket?.openings.delete(this.pending);
    this.#ticket = undefined;
    this.pending.unref();
    this.#after(patienceMs, () => this.pending.cancel());
  }

  /** It is ready, or has failed. */
  ended(): void {
    this.#cancelTimer?.();
    this.#ticket?.openings.delete(this.pending);
  }

  /** Whoever waits for it does so by a limit of its own, which keeps the process running. */
  #after(ageMs: number, callback: () => void): void {
    this.#cancelTimer?.();
    const left = Math.ceil(ageMs - this.connectingMs);
    this.#cancelTimer = afterMs(this.#clock, left, callback, { keepAlive: false });
  }
}

import type { Clock } from '../time/clock.ts';
import type { Exchange, Phase } from './transport.ts';

/** Not been in. */
const NEVER = -1;

/**
 * How long an attempt was in each phase, in milliseconds. By a field each: an object that is written by the name of a phase costs each of
 * the four writes an upload a search.
 */
export class PhaseTimes {
  /** When the attempt began, by the clock. */
  readonly startedAt: number;
  readonly #clock: Clock;
  #acquire = NEVER;
  #connect = NEVER;
  #request = NEVER;
  #headers = NEVER;
  #body = NEVER;
  #phase: Phase = 'acquire';
  #since: number;
  #ended = false;

  /** @param now when the attempt begins, by the clock. */
  constructor(clock: Clock, now: number = clock.now()) {
    this.#clock = clock;
    this.startedAt = now;
    this.#since = now;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /**
   * The phase before is over. Nothing happens in the same phase, and after the end.
   * @param now by the clock, from who has read it already.
   */
  enter(phase: Phase, now?: number): void {
    if (this.#ended || phase === this.#phase) return;
    this.#count(now);
    this.#phase = phase;
  }

  /**
   * Stops the clock of the last phase.
   * @param now as for `enter()`.
   */
  end(now?: number): void {
    if (this.#ended) return;
    this.#count(now);
    this.#ended = true;
  }

  /**
   * Up to now, the running phase included; only phases that the attempt has been in.
   * @param now as for `enter()`.
   */
  read(now?: number): Exchange['phaseMs'] {
    if (!this.#ended) this.#count(now);
    const ms: Partial<Record<Phase, number>> = {};
    if (this.#acquire !== NEVER) ms.acquire = this.#acquire;
    if (this.#connect !== NEVER) ms.connect = this.#connect;
    if (this.#request !== NEVER) ms.request = this.#request;
    if (this.#headers !== NEVER) ms.headers = this.#headers;
    if (this.#body !== NEVER) ms.body = this.#body;
    return ms;
  }

  #count(now: number = this.#clock.now()): void {
    const ms = now - this.#since;
    this.#since = now;
    switch (this.#phase) {
      case 'acquire':
        this.#acquire = Math.max(0, this.#acquire) + ms;
        break;
      case 'connect':
        this.#connect = Math.max(0, this.#connect) + ms;
        break;
      case 'request':
        this.#request = Math.max(0, this.#request) + ms;
        break;
      case 'headers':
        this.#headers = Math.max(0, this.#headers) + ms;
        break;
      case 'body':
        this.#body = Math.max(0, this.#body) + ms;
        break;
    }
  }
}

import type { Clock } from '../time/clock.ts';
import type { Phase } from './transport.ts';

/** The time of a phase that the attempt has not been in. */
const NOT_YET = -1;

/**
 * How long an attempt was in each phase, in milliseconds. Every phase has a field of its own: an object with the phases as keys is
 * read and written by a name that changes each time, which V8 looks up anew.
 */
export class PhaseTimes {
  /** When the attempt began, by the clock. */
  readonly startedAt: number;
  readonly #clock: Clock;
  #phase: Phase = 'acquire';
  #since: number;
  #ended = false;
  #acquire = 0;
  #connect = NOT_YET;
  #request = NOT_YET;
  #headers = NOT_YET;
  #body = NOT_YET;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.startedAt = clock.now();
    this.#since = this.startedAt;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** The phase before is over. Nothing happens in the same phase, and after the end. */
  enter(phase: Phase): void {
    if (this.#ended || phase === this.#phase) return;
    this.#count();
    this.#phase = phase;
    this.#add(0);
  }

  /** Stops the clock of the last phase. */
  end(): void {
    if (this.#ended) return;
    this.#count();
    this.#ended = true;
  }

  /** Up to now, the running phase included; only phases that the attempt has been in. */
  read(): Partial<Record<Phase, number>> {
    if (!this.#ended) this.#count();
    const spent: Partial<Record<Phase, number>> = { acquire: this.#acquire };
    if (this.#connect !== NOT_YET) spent.connect = this.#connect;
    if (this.#request !== NOT_YET) spent.request = this.#request;
    if (this.#headers !== NOT_YET) spent.headers = this.#headers;
    if (this.#body !== NOT_YET) spent.body = this.#body;
    return spent;
  }

  #count(): void {
    const now = this.#clock.now();
    this.#add(now - this.#since);
    this.#since = now;
  }

  #add(ms: number): void {
    switch (this.#phase) {
      case 'acquire':
        this.#acquire += ms;
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

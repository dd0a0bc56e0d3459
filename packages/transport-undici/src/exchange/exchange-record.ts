import type { Clock, ConnectionOrigin, Exchange, Phase } from '@ferry/core';

/** What an exchange tells of its connection. */
interface ExchangeConnection {
  readonly id: string;
  readonly flowControl: Exchange['flowControl'];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Gathers the facts of one attempt while it runs. */
export class ExchangeRecord {
  /** When the attempt began, by the clock. */
  readonly startedAt: number;
  bytesSent = 0;
  bytesReceived = 0;
  bodyOpened = false;
  requestComplete = false;
  readonly #clock: Clock;
  readonly #phaseMs: Partial<Record<Phase, number>> = {};
  #phase: Phase = 'acquire';
  #since: number;
  #ended = false;
  #connection: ExchangeConnection | undefined;
  #origin: ConnectionOrigin | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.startedAt = clock.now();
    this.#since = this.startedAt;
  }

  get phase(): Phase {
    return this.#phase;
  }

  enter(phase: Phase): void {
    if (this.#ended || phase === this.#phase) return;
    this.#settle();
    this.#phase = phase;
  }

  connected(connection: ExchangeConnection, origin: ConnectionOrigin): void {
    this.#connection = connection;
    this.#origin = origin;
  }

  /** Stops the clock of the last phase. */
  end(): void {
    if (this.#ended) return;
    this.#settle();
    this.#ended = true;
  }

  snapshot(): Exchange {
    const phaseMs = { ...this.#phaseMs };
    if (!this.#ended) phaseMs[this.#phase] = (phaseMs[this.#phase] ?? 0) + this.#clock.now() - this.#since;
    const facts: Mutable<Exchange> = {
      connectionReused: this.#origin === 'reused',
      bodyOpened: this.bodyOpened,
      bytesSent: this.bytesSent,
      requestComplete: this.requestComplete,
      bytesReceived: this.bytesReceived,
      phaseMs,
    };
    if (this.#connection !== undefined && this.#origin !== undefined) {
      const { id, flowControl } = this.#connection;
      facts.protocol = 'h2';
      facts.connectionId = id;
      facts.connectionOrigin = this.#origin;
      if (flowControl !== undefined) facts.flowControl = flowControl;
    }
    return facts;
  }

  #settle(): void {
    const now = this.#clock.now();
    this.#phaseMs[this.#phase] = (this.#phaseMs[this.#phase] ?? 0) + now - this.#since;
    this.#since = now;
  }
}

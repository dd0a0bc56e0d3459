import type { Clock, ConnectionOrigin, Exchange, Phase } from '@ferry/core';

/** What an exchange tells of its connection. */
interface ExchangeConnection {
  readonly id: string;
  readonly flowControl: Exchange['flowControl'];
}

/** Gathers the facts of one attempt while it runs. */
export class ExchangeRecord {
  bytesSent = 0;
  bytesReceived = 0;
  bodyOpened = false;
  readonly #clock: Clock;
  readonly #phaseMs: Partial<Record<Phase, number>> = {};
  #phase: Phase = 'acquire';
  #since: number;
  #ended = false;
  #connection: ExchangeConnection | undefined;
  #origin: ConnectionOrigin | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.now();
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
    const running = this.#ended ? 0 : this.#clock.now() - this.#since;
    return {
      ...this.#connectionFacts(),
      connectionReused: this.#origin === 'reused',
      bodyOpened: this.bodyOpened,
      bytesSent: this.bytesSent,
      bytesReceived: this.bytesReceived,
      phaseMs: { ...this.#phaseMs, [this.#phase]: (this.#phaseMs[this.#phase] ?? 0) + running },
    };
  }

  #connectionFacts(): Partial<Exchange> {
    if (this.#connection === undefined || this.#origin === undefined) return {};
    const { id, flowControl } = this.#connection;
    return {
      protocol: 'h2',
      connectionId: id,
      connectionOrigin: this.#origin,
      ...(flowControl === undefined ? {} : { flowControl }),
    };
  }

  #settle(): void {
    const now = this.#clock.now();
    this.#phaseMs[this.#phase] = (this.#phaseMs[this.#phase] ?? 0) + now - this.#since;
    this.#since = now;
  }
}

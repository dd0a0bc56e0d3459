import type { Clock, ConnectionOrigin, Exchange, Phase } from '@ferry/core';

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
  #connection: { readonly id: string; readonly origin: ConnectionOrigin } | undefined;

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

  connected(id: string, origin: ConnectionOrigin): void {
    this.#connection = { id, origin };
  }

  /** Stops the clock of the last phase. */
  end(): void {
    if (this.#ended) return;
    this.#settle();
    this.#ended = true;
  }

  snapshot(): Exchange {
    const connection = this.#connection;
    const running = this.#ended ? 0 : this.#clock.now() - this.#since;
    return {
      ...(connection === undefined
        ? {}
        : { protocol: 'h2' as const, connectionId: connection.id, connectionOrigin: connection.origin }),
      connectionReused: connection?.origin === 'reused',
      bodyOpened: this.bodyOpened,
      bytesSent: this.bytesSent,
      bytesReceived: this.bytesReceived,
      phaseMs: { ...this.#phaseMs, [this.#phase]: (this.#phaseMs[this.#phase] ?? 0) + running },
    };
  }

  #settle(): void {
    const now = this.#clock.now();
    this.#phaseMs[this.#phase] = (this.#phaseMs[this.#phase] ?? 0) + now - this.#since;
    this.#since = now;
  }
}

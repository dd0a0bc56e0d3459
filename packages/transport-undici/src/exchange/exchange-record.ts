import { type Clock, type ConnectionOrigin, type Exchange, type Phase, PhaseTimes } from '@ferry/core';

/** What an exchange tells of its connection. */
interface ExchangeConnection {
  readonly id: string;
  readonly flowControl: Exchange['flowControl'];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Gathers the facts of one attempt while it runs. */
export class ExchangeRecord {
  bytesSent = 0;
  bytesReceived = 0;
  bodyOpened = false;
  requestComplete = false;
  readonly #times: PhaseTimes;
  #connection: ExchangeConnection | undefined;
  #origin: ConnectionOrigin | undefined;

  /** @param now when the attempt begins, by the clock. */
  constructor(clock: Clock, now: number) {
    this.#times = new PhaseTimes(clock, now);
  }

  /** When the attempt began, by the clock. */
  get startedAt(): number {
    return this.#times.startedAt;
  }

  get phase(): Phase {
    return this.#times.phase;
  }

  /** @param now by the clock, from who has read it already. */
  enter(phase: Phase, now?: number): void {
    this.#times.enter(phase, now);
  }

  connected(connection: ExchangeConnection, origin: ConnectionOrigin): void {
    this.#connection = connection;
    this.#origin = origin;
  }

  /** Stops the clock of the last phase. @param now as for `enter()`. */
  end(now?: number): void {
    this.#times.end(now);
  }

  /** The facts so far. @param now as for `enter()`. */
  snapshot(now?: number): Exchange {
    const { bodyOpened, bytesSent, requestComplete, bytesReceived } = this;
    const phaseMs = this.#times.read(now);
    if (this.#connection === undefined || this.#origin === undefined) {
      return { connectionReused: false, bodyOpened, bytesSent, requestComplete, bytesReceived, phaseMs };
    }
    const { id, flowControl } = this.#connection;
    const facts: Mutable<Exchange> = {
      protocol: 'h2',
      connectionId: id,
      connectionOrigin: this.#origin,
      connectionReused: this.#origin === 'reused',
      bodyOpened,
      bytesSent,
      requestComplete,
      bytesReceived,
      phaseMs,
    };
    if (flowControl !== undefined) facts.flowControl = flowControl;
    return facts;
  }
}

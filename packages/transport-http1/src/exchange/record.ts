import {
  type Clock,
  type Delivery,
  type Exchange,
  PhaseTimes,
  TransportError,
  type TransportErrorKind,
  type TransportResponse,
} from '@ferry/core';
import type { Hold } from '../connection/http1-connection.ts';
import type { Upload } from './upload.ts';

/** What is known about one exchange so far, and the truths that follow from it. */
export class ExchangeRecord {
  readonly times: PhaseTimes;
  lease: Hold | undefined;
  upload: Upload | undefined;
  /** The response headers are here. */
  answered = false;
  /** The socket has taken all of the request, its end included. */
  requestComplete = false;
  bytesReceived = 0;
  readonly #name: string;

  /** @param name the transport's, for messages. */
  constructor(name: string, clock: Clock) {
    this.#name = name;
    this.times = new PhaseTimes(clock);
  }

  /**
   * HTTP/1.1 gives no proof that a peer did nothing, so `refused` never comes up. Bytes that the socket has taken count as
   * sent, although some of them may not have left: the doubt goes against resending.
   */
  get delivery(): Delivery {
    if (this.answered) return 'answered';
    return this.lease?.wroteAnything() ? 'unknown' : 'not-sent';
  }

  facts(): Exchange {
    const { lease, upload } = this;
    return {
      ...(lease && {
        protocol: 'http/1.1' as const,
        connectionId: lease.connection.id,
        connectionOrigin: lease.origin,
      }),
      connectionReused: lease?.origin === 'reused',
      bodyOpened: upload?.opened ?? false,
      // A slice that was handed over but never reached the socket was not sent.
      bytesSent: this.delivery === 'not-sent' ? 0 : (upload?.sent ?? 0),
      requestComplete: this.requestComplete,
      bytesReceived: this.bytesReceived,
      phaseMs: this.times.read(),
    };
  }

  /** The error that says what happened, where, and whether the upstream can have seen the request. */
  error(kind: TransportErrorKind, reason: string, cause: unknown): TransportError {
    const { phase } = this.times;
    return new TransportError(`${this.#name}: ${reason}, in phase ${phase}`, {
      kind,
      phase,
      delivery: this.delivery,
      exchange: this.facts(),
      ...(cause !== undefined && { cause }),
    });
  }

  response(
    head: Pick<TransportResponse, 'status' | 'headers'>,
    body: TransportResponse['body'],
    done: Promise<Exchange>,
  ): TransportResponse {
    return { ...head, body, exchange: this.facts(), done };
  }
}

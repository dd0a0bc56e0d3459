import type { ClientRequest, IncomingMessage } from 'node:http';
import {
  type Attempt,
  type Clock,
  type Delivery,
  type Exchange,
  TransportError,
  type TransportErrorKind,
  type TransportRequest,
  type TransportResponse,
} from '@ferry/core';
import type { Request as GotRequest } from 'got';
import { mapError, safeCause } from '../map-error.ts';
import type { Lease } from '../pool/connection.ts';
import { ConnectFailure } from '../pool/connector.ts';
import { peerIdleLimitMs } from '../pool/keep-alive-hint.ts';
import type { RetireReason } from '../pool/pool-event.ts';
import { PoolRefusal, type Ticket, type Want } from '../pool/ticket.ts';
import { plainGot } from './got-client.ts';
import { requestHeaders, responseHeaders } from './headers.ts';
import { type LimitName, Limits, PhaseTimes } from './limits.ts';
import { ResponseBody } from './response-body.ts';
import { Upload } from './upload.ts';

export interface ExchangeParts {
  readonly name: string;
  readonly clock: Clock;
  /** Whether a connection carries only this many requests; decides `connection: close`. */
  readonly maxUses: number;
  acquire(want: Want): Ticket;
}

interface Failure {
  readonly kind: TransportErrorKind;
  readonly reason: string;
  readonly cause?: unknown;
  readonly retire: RetireReason;
}

const LIMIT_REASON: Readonly<Record<LimitName, string>> = {
  connectMs: 'no connection',
  headersMs: 'no response headers',
  idleMs: 'no progress',
  totalMs: 'not finished',
};

/**
 * One request, sent once, to its end. It ends exactly once, in `#end`: complete, failed or cancelled; whatever comes after
 * that, from got, the socket, a timer or the signal, finds nothing to do.
 */
export class SingleExchange {
  readonly #parts: ExchangeParts;
  readonly #request: TransportRequest;
  readonly #attempt: Attempt;
  readonly #times: PhaseTimes;
  readonly #limits: Limits;
  readonly #answer = Promise.withResolvers<TransportResponse>();
  readonly #done = Promise.withResolvers<Exchange>();
  readonly #onAbort = (): void =>
    this.#fail({ kind: 'aborted', reason: 'aborted by the caller', retire: 'aborted' });
  #ticket: Ticket | undefined;
  #lease: Lease | undefined;
  #upload: Upload | undefined;
  #stream: GotRequest | undefined;
  #chunks: AsyncIterator<Uint8Array> | undefined;
  #waitingFor: 'source' | 'upstream' = 'upstream';
  #answered = false;
  /** The whole answer has been read; only the connection's return is still awaited. */
  #whole = false;
  #ended = false;
  #error: TransportError | undefined;
  #bytesReceived = 0;

  constructor(parts: ExchangeParts, request: TransportRequest, attempt: Attempt) {
    this.#parts = parts;
    this.#request = request;
    this.#attempt = attempt;
    this.#times = new PhaseTimes(parts.clock);
    this.#limits = new Limits(parts.clock, attempt.limits, (limit) => this.#limitPassed(limit));
  }

  /** Resolves with the final facts when everything has ended. Never rejects. */
  get done(): Promise<Exchange> {
    return this.#done.promise;
  }

  /** Settles with the response headers or the failure before them. */
  run(): Promise<TransportResponse> {
    const { signal, avoidConnections } = this.#attempt;
    if (signal.aborted) {
      this.#onAbort();
      return this.#answer.promise;
    }
    signal.addEventListener('abort', this.#onAbort, { once: true });
    this.#limits.start('totalMs');
    this.#limits.start('connectMs');
    const onConnecting = (): void => this.#times.enter('connect');
    this.#ticket = this.#parts.acquire({ avoid: avoidConnections, onConnecting });
    this.#ticket.lease.then(
      (lease) => this.#send(lease),
      (error: unknown) => this.#notConnected(error),
    );
    return this.#answer.promise;
  }

  /** Ends the exchange because the transport closes. */
  close(): void {
    this.#fail({ kind: 'closed', reason: 'the transport was closed', retire: 'closed' });
  }

  #notConnected(error: unknown): void {
    const retire = 'failed';
    if (error instanceof PoolRefusal) return this.#fail({ kind: error.kind, reason: error.message, retire });
    if (error instanceof ConnectFailure) {
      const cause = safeCause(error);
      return this.#fail({ kind: error.kind, reason: `${error.message}: ${cause.message}`, cause, retire });
    }
    return this.#fail({ ...mapError(error), retire });
  }

  #send(lease: Lease): void {
    this.#lease = lease;
    // Ended between the lease's settling and now: nothing was written, but the connection is ours to return.
    if (this.#ended) return lease.connection.destroy('aborted');
    this.#limits.stop('connectMs');
    this.#times.enter('request');
    this.#limits.start('idleMs');
    try {
      this.#dispatch(lease);
    } catch (error) {
      this.#fail({ ...mapError(error), retire: 'failed' });
    }
  }

  #dispatch(lease: Lease): void {
    const { method, url, body } = this.#request;
    const { agent } = lease.connection;
    const onSocket = Promise.withResolvers<void>();
    if (body) this.#upload = this.#makeUpload(body, onSocket.promise);
    const stream = plainGot.stream(url, {
      method,
      headers: requestHeaders(this.#request, lease.connection.uses >= this.#parts.maxUses),
      agent: { http: agent, https: agent },
      ...(this.#upload && { body: this.#upload }),
    });
    this.#stream = stream;
    stream.on('error', (error) => this.#libraryFailed(error));
    stream.once('socket', () => onSocket.resolve());
    stream.once('request', (request: ClientRequest) => request.once('finish', () => this.#requestSent()));
    stream.once('response', (response: IncomingMessage) => this.#headersArrived(response));
    stream.once('upgrade', () => this.#switched());
    // got waits for `end()` when a method that may have a body, so every one but HEAD, is given none.
    if (!body && method !== 'HEAD') stream.end();
    lease.connection.whenClosed.then(() => setImmediate(() => this.#closedBeforeHeaders()));
  }

  #makeUpload(body: NonNullable<TransportRequest['body']>, ready: Promise<void>): Upload {
    return new Upload(body, ready, {
      handed: (sent) => this.#attempt.onBytesSent?.(sent),
      waitingFor: (whom) => {
        this.#waitingFor = whom;
        if (!this.#ended && this.#times.phase === 'request') this.#limits.start('idleMs');
      },
      failed: (failure) =>
        this.#fail({
          kind: 'body-source',
          reason: failure.message,
          cause: failure.cause ?? failure,
          retire: 'failed',
        }),
    });
  }

  /** ClientRequest's `finish`: the kernel has taken the last byte. */
  #requestSent(): void {
    if (this.#ended || this.#answered) return;
    this.#limits.stop('idleMs');
    this.#times.enter('headers');
    this.#limits.start('headersMs');
  }

  #headersArrived(response: IncomingMessage): void {
    const stream = this.#stream;
    const lease = this.#lease;
    if (this.#ended || !stream || !lease) return;
    const headers = responseHeaders(response.rawHeaders);
    const early = this.#times.phase === 'request';
    this.#answered = true;
    this.#limits.stop('idleMs');
    this.#limits.stop('headersMs');
    this.#times.enter('body');
    lease.connection.peerIdleLimitMs = peerIdleLimitMs(headers['keep-alive']);
    if (early) {
      // RFC 9112 section 9.6: the rest of the body will not be sent, so the connection cannot carry another message.
      lease.connection.retire('early-answer');
      this.#upload?.stop();
    }
    const body = new ResponseBody({
      read: () => this.#read(stream, lease, early),
      cancel: () => this.#cancel(),
    });
    this.#answer.resolve({
      status: response.statusCode ?? 0,
      headers,
      body,
      exchange: this.#facts(),
      done: this.#done.promise,
    });
    // The end of an empty answer is read at once: nobody may ever iterate it, and its connection would stay taken.
    if (isEmpty(this.#request.method, response)) this.#read(stream, lease, early).catch(() => undefined);
  }

  async #read(stream: GotRequest, lease: Lease, early: boolean): Promise<Uint8Array | undefined> {
    if (this.#error) throw this.#error;
    if (this.#ended) return undefined;
    this.#chunks ??= stream.iterator({ destroyOnReturn: false });
    // Only while the reader waits: a reader that takes its time is not the upstream's silence.
    this.#limits.start('idleMs');
    try {
      const step = await this.#chunks.next();
      if (this.#error) throw this.#error;
      if (step.done !== true) {
        this.#bytesReceived += step.value.byteLength;
        return step.value;
      }
      await this.#complete(lease, early);
      return undefined;
    } catch (error) {
      if (this.#ended && !this.#error) return undefined;
      // The stream's `error` event has mostly come first; this is for the case that it has not.
      this.#libraryFailed(error);
      throw this.#error ?? error;
    } finally {
      this.#limits.stop('idleMs');
    }
  }

  /** The whole answer is here. Waits until the connection is back, so that the caller's next request can have it. */
  async #complete(lease: Lease, early: boolean): Promise<void> {
    this.#whole = true;
    if (early) lease.connection.destroy('early-answer');
    await Promise.race([lease.ended, this.#done.promise]);
    this.#end();
  }

  #cancel(): void {
    this.#lease?.connection.destroy('aborted');
    this.#end();
  }

  #switched(): void {
    this.#fail({ kind: 'protocol', reason: 'the peer switched protocols unasked', retire: 'failed' });
  }

  /** got and Node report a connection's end by themselves; this is the net under them, so that no exchange can hang. */
  #closedBeforeHeaders(): void {
    if (this.#answered || this.#ended) return;
    const cause =
      this.#lease?.connection.socketError ?? Object.assign(new Error('closed'), { code: 'ECONNRESET' });
    this.#libraryFailed(cause);
  }

  #libraryFailed(error: unknown): void {
    this.#fail({ ...mapError(error), retire: 'failed' });
  }

  #limitPassed(limit: LimitName): void {
    const whom =
      limit === 'idleMs' && this.#waitingFor === 'source' ? ' by the source of the request body' : '';
    const reason = `${LIMIT_REASON[limit]}${whom} within ${limit} (${this.#attempt.limits[limit]} ms)`;
    this.#fail({ kind: 'timeout', reason, retire: 'timeout' });
  }

  #fail({ kind, reason, cause, retire }: Failure): void {
    if (this.#ended) return;
    if (this.#whole) {
      this.#lease?.connection.destroy(retire);
      return this.#end();
    }
    const { phase } = this.#times;
    const delivery = this.#delivery();
    const error = new TransportError(`${this.#parts.name}: ${reason}, in phase ${phase}`, {
      kind,
      phase,
      delivery,
      exchange: this.#facts(),
      ...(cause !== undefined && { cause }),
    });
    this.#error = error;
    this.#lease?.connection.destroy(retire);
    this.#answer.reject(error);
    this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#limits.stopAll();
    this.#attempt.signal.removeEventListener('abort', this.#onAbort);
    this.#ticket?.refuse(new PoolRefusal('aborted', 'no longer wanted'));
    this.#upload?.stop();
    this.#stream?.destroy();
    this.#done.resolve(this.#facts());
  }

  #delivery(): Delivery {
    if (this.#answered) return 'answered';
    return this.#lease?.wroteAnything() ? 'unknown' : 'not-sent';
  }

  #facts(): Exchange {
    const lease = this.#lease;
    return {
      ...(lease && {
        protocol: 'http/1.1' as const,
        connectionId: lease.connection.id,
        connectionOrigin: lease.origin,
      }),
      connectionReused: lease?.origin === 'reused',
      bodyOpened: this.#upload?.opened ?? false,
      // Slices that were handed over but never reached the socket were not sent.
      bytesSent: this.#delivery() === 'not-sent' ? 0 : (this.#upload?.sent ?? 0),
      bytesReceived: this.#bytesReceived,
      phaseMs: this.#times.read(),
    };
  }
}

/** Whether the headers say that no body follows (RFC 9112 section 6.3). */
function isEmpty(method: TransportRequest['method'], { statusCode, headers }: IncomingMessage): boolean {
  return method === 'HEAD' || statusCode === 204 || statusCode === 304 || headers['content-length'] === '0';
}

import type { ClientRequest, IncomingMessage } from 'node:http';
import {
  AcquireFailure,
  type Attempt,
  type Clock,
  type ConnectionPool,
  type Exchange,
  type Lease,
  type RequestBody,
  type RetireReason,
  responseHeaders,
  type TransportError,
  type TransportErrorKind,
  type TransportRequest,
  type TransportResponse,
  TunnelError,
  type Waiting,
} from '@ferry/core';
import type { Request as GotRequest } from 'got';
import type { Hold, Http1Connection } from '../connection/http1-connection.ts';
import { peerIdleLimitMs } from '../connection/keep-alive-hint.ts';
import { mapError, safeCause } from '../map-error.ts';
import { openStream } from './got-client.ts';
import { hasTakenAll } from './has-taken-all.ts';
import { isEmpty } from './headers.ts';
import { LIMIT_REASON, type LimitName, Limits } from './limits.ts';
import { ExchangeRecord } from './record.ts';
import { ResponseBody } from './response-body.ts';
import { Upload } from './upload.ts';

export interface ExchangeParts {
  readonly name: string;
  readonly clock: Clock;
  /** Requests that a connection carries in its life; decides `connection: close`. */
  readonly maxUses: number;
  readonly pool: ConnectionPool<Http1Connection>;
}

interface Failure {
  readonly kind: TransportErrorKind;
  readonly reason: string;
  readonly cause?: unknown;
  readonly retire: RetireReason;
}

const ABORTED: Failure = { kind: 'aborted', reason: 'aborted by the caller', retire: 'interrupted' };

/**
 * One request, sent once, to its end. It ends exactly once, in `#end`: complete, failed or cancelled; whatever comes after
 * that, from got, the socket, a timer or the signal, finds nothing to do.
 */
export class SingleExchange {
  readonly #parts: ExchangeParts;
  readonly #request: TransportRequest;
  readonly #attempt: Attempt;
  readonly #record: ExchangeRecord;
  readonly #limits: Limits;
  readonly #answer = Promise.withResolvers<TransportResponse>();
  readonly #done = Promise.withResolvers<Exchange>();
  readonly #onAbort = (): void => this.#fail(ABORTED);
  #waiting: Waiting<Http1Connection> | undefined;
  #stream: GotRequest | undefined;
  #wire: ClientRequest | undefined;
  #chunks: AsyncIterator<Uint8Array> | undefined;
  #waitingFor: 'source' | 'upstream' = 'upstream';
  /** The whole answer has been read; only the connection's return is still awaited. */
  #whole = false;
  #ended = false;
  #error: TransportError | undefined;

  constructor(parts: ExchangeParts, request: TransportRequest, attempt: Attempt) {
    this.#parts = parts;
    this.#request = request;
    this.#attempt = attempt;
    this.#record = new ExchangeRecord(parts.name, parts.clock);
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
      this.#fail(ABORTED);
      return this.#answer.promise;
    }
    signal.addEventListener('abort', this.#onAbort, { once: true });
    this.#limits.start('totalMs');
    const { connectMs } = this.#attempt.limits;
    const onConnecting = (): void => this.#record.times.enter('connect');
    const want = { connectMs, avoid: avoidConnections, onConnecting };
    this.#waiting = this.#parts.pool.wait(this.#request.url, want);
    this.#waiting.lease.then(
      (lease) => this.#send(lease),
      (error: unknown) => this.#notConnected(error),
    );
    return this.#answer.promise;
  }

  /** Ends the exchange because the transport closes. */
  close(): void {
    this.#fail({ kind: 'closed', reason: 'the transport was closed', retire: 'transport-closed' });
  }

  #notConnected(error: unknown): void {
    if (!(error instanceof AcquireFailure)) {
      this.#libraryFailed(error);
      return;
    }
    const { kind, message } = error;
    // A tunnel's failure has its own words; beneath them are a socket's, which hold nothing of the request.
    const inner = TunnelError.is(error.cause) ? error.cause : error.cause && safeCause(error);
    const cause = inner instanceof Error ? { cause: inner } : {};
    this.#fail({ kind, reason: message, ...cause, retire: 'surplus' });
  }

  #send(place: Lease<Http1Connection>): void {
    // Ended between the lease's settling and now: nothing of the request was sent.
    if (this.#ended) {
      place.release('keep');
      return;
    }
    const lease = place.connection.begin(place, () => this.close());
    this.#record.lease = lease;
    this.#record.times.enter('request');
    this.#limits.start('idleMs');
    try {
      this.#dispatch(lease);
    } catch (error) {
      this.#libraryFailed(error);
    }
  }

  #dispatch(lease: Hold): void {
    const { connection } = lease;
    const { body } = this.#request;
    const onSocket = Promise.withResolvers<void>();
    const upload = body && this.#makeUpload(body, onSocket.promise);
    this.#record.upload = upload;
    const lastUse = connection.uses >= this.#parts.maxUses;
    const stream = openStream(this.#request, { agent: lease.agent, lastUse, upload });
    this.#stream = stream;
    stream.on('error', (error) => this.#libraryFailed(error));
    stream.once('socket', () => onSocket.resolve());
    stream.once('request', (wire: ClientRequest) => {
      this.#wire = wire;
      wire.once('finish', () => this.#requestSent());
    });
    stream.once('response', (response: IncomingMessage) => this.#headersArrived(response, stream, lease));
    stream.once('upgrade', () =>
      this.#fail({ kind: 'protocol', reason: 'the peer switched protocols unasked', retire: 'stream-error' }),
    );
    // Not the connection's own promise: it would hold every request that the connection has carried until it closes.
    lease.ended.then(() => {
      if (!this.#record.answered && !this.#ended) setImmediate(() => this.#closedBeforeHeaders(lease));
    });
  }

  #makeUpload(body: RequestBody, ready: Promise<void>): Upload {
    return new Upload(body, ready, {
      handed: (sent) => this.#attempt.onBytesSent?.(sent),
      waitingFor: (whom) => {
        this.#waitingFor = whom;
        if (!this.#ended && this.#record.times.phase === 'request') this.#limits.start('idleMs');
      },
      failed: (failure) =>
        this.#fail({
          kind: 'body-source',
          reason: failure.message,
          cause: failure.cause ?? failure,
          retire: 'interrupted',
        }),
    });
  }

  /** ClientRequest's `finish`: the kernel has taken the last byte. */
  #requestSent(): void {
    if (this.#ended) return;
    this.#record.requestComplete = true;
    if (this.#record.answered) return;
    this.#limits.stop('idleMs');
    this.#record.times.enter('headers');
    this.#limits.start('headersMs');
  }

  #headersArrived(response: IncomingMessage, stream: GotRequest, lease: Hold): void {
    if (this.#ended) return;
    const record = this.#record;
    const headers = responseHeaders(response.rawHeaders);
    const early = record.upload !== undefined && !record.upload.handedOver;
    record.answered = true;
    this.#limits.stop('idleMs');
    this.#limits.stop('headersMs');
    record.times.enter('body');
    lease.connection.peerIdleMs = peerIdleLimitMs(headers['keep-alive']);
    if (early) {
      // RFC 9112 section 9.3: without the rest of the body the connection cannot carry another message. When all of it has
      // been handed over there is nothing to stop, and whether the socket has taken it is seen at the answer's end.
      lease.connection.retire('early-answer');
      record.upload?.stop();
    }
    const read = (): Promise<Uint8Array | undefined> => this.#read(stream, lease, early);
    const cancel = (): void => {
      lease.connection.destroy('interrupted');
      this.#end();
    };
    const head = { status: response.statusCode ?? 0, headers };
    this.#answer.resolve(record.response(head, new ResponseBody({ read, cancel }), this.#done.promise));
    // The end of an empty answer is read at once: nobody may ever iterate it, and its connection would stay taken.
    if (isEmpty(this.#request.method, head)) read().catch(() => undefined);
  }

  async #read(stream: GotRequest, lease: Hold, early: boolean): Promise<Uint8Array | undefined> {
    if (this.#error) throw this.#error;
    if (this.#ended) return undefined;
    this.#chunks ??= stream.iterator({ destroyOnReturn: false });
    // Only while the reader waits: a reader that takes its time is not the upstream's silence.
    this.#limits.start('idleMs');
    try {
      const step = await this.#chunks.next();
      if (this.#error) throw this.#error;
      if (step.done !== true) {
        this.#record.bytesReceived += step.value.byteLength;
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
  async #complete(lease: Hold, early: boolean): Promise<void> {
    this.#whole = true;
    const record = this.#record;
    record.requestComplete ||= !early && (await hasTakenAll(this.#wire, lease.socket));
    if (!record.requestComplete) lease.connection.destroy('early-answer');
    await Promise.race([lease.ended, this.#done.promise]);
    this.#end();
  }

  /** got and Node report a connection's end by themselves; this is the net under them, so that no exchange can hang. */
  #closedBeforeHeaders({ connection }: Hold): void {
    if (this.#record.answered || this.#ended) return;
    this.#libraryFailed(connection.socketError ?? Object.assign(new Error('closed'), { code: 'ECONNRESET' }));
  }

  #libraryFailed(error: unknown): void {
    const mapped = mapError(error);
    this.#fail({ ...mapped, retire: mapped.kind === 'protocol' ? 'stream-error' : 'socket' });
  }

  #limitPassed(limit: LimitName): void {
    const bySource =
      limit === 'idleMs' && this.#record.times.phase === 'request' && this.#waitingFor === 'source';
    const whom = bySource ? ' by the source of the request body' : '';
    const reason = `${LIMIT_REASON[limit]}${whom} within ${limit} (${this.#attempt.limits[limit]} ms)`;
    // That the source is silent is not the upstream's fault.
    this.#fail({ kind: bySource ? 'body-source' : 'timeout', reason, retire: 'interrupted' });
  }

  #fail({ kind, reason, cause, retire }: Failure): void {
    if (this.#ended) return;
    if (!this.#whole) {
      this.#error = this.#record.error(kind, reason, cause);
      this.#answer.reject(this.#error);
    }
    this.#record.lease?.connection.destroy(retire);
    this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#limits.stopAll();
    this.#attempt.signal.removeEventListener('abort', this.#onAbort);
    this.#waiting?.leave('aborted', 'no longer wanted');
    this.#record.upload?.stop();
    this.#stream?.destroy();
    this.#done.resolve(this.#record.facts());
  }
}

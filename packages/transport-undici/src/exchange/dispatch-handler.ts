import type { ClientHttp2Stream } from 'node:http2';
import {
  type Attempt,
  type Clock,
  type Deadlines,
  type Exchange,
  type Instant,
  type Lease,
  NOWHERE,
  type RetireReason,
  responseHeaders,
  type TransportRequest,
  type TransportResponse,
  type Verdict,
} from '@ferry/core';
import type { Dispatcher } from 'undici';
import type { Rider } from '../connection/rider.ts';
import type { UndiciConnection } from '../connection/undici-connection.ts';
import { CapturedStream, type StreamObserver } from './captured-stream.ts';
import { deferred } from './deferred.ts';
import { type Failure, failedExchange } from './exchange-failure.ts';
import { ExchangeLimits, type LimitObserver } from './exchange-limits.ts';
import type { ExchangeRecord } from './exchange-record.ts';
import { requestHeaders } from './headers.ts';
import { mapFailure, mapNoStream } from './map-error.ts';
import { OutgoingBody, type SourceObserver } from './outgoing-body.ts';
import { OwnBytes } from './own-bytes.ts';
import { type FlowControl, ResponseBody } from './response-body.ts';

/** What is to be exchanged, and how it has gone so far. */
export interface Wanted {
  readonly request: TransportRequest;
  readonly attempt: Attempt;
  readonly record: ExchangeRecord;
}

/**
 * One request on one connection, from dispatch to the end of the response. Whatever ends it first settles it; all later
 * news about it is a consequence and ignored. It is told of everything itself, since a closure for each piece of news is paid
 * by every upload.
 */
export class DispatchHandler
  implements Dispatcher.DispatchHandler, Rider, StreamObserver, SourceObserver, LimitObserver, FlowControl
{
  place: number = NOWHERE;
  readonly #request: TransportRequest;
  readonly #attempt: Attempt;
  readonly #lease: Lease<UndiciConnection>;
  readonly #connection: UndiciConnection;
  readonly #record: ExchangeRecord;
  readonly #clock: Clock;
  readonly #limits: ExchangeLimits;
  readonly #bytesBefore: number;
  /** From the first look on: few uploads are looked at, and a socket's count of bytes is not cheap. */
  #own: OwnBytes | undefined;
  readonly #upload: OutgoingBody;
  readonly #body: ResponseBody;
  readonly #response = deferred<TransportResponse>();
  readonly #done = deferred<Exchange>();
  readonly #onAbort = (): void => this.abandon('aborted', 'the caller aborted', this.#attempt.signal.reason);
  #controller: Dispatcher.DispatchController | undefined;
  #captured: CapturedStream | undefined;
  #answered = false;
  #headersUnsent = false;
  /** By the clock. Its stream is opened within the same call, or a microtask later. */
  #departedAt = 0;
  #settled = false;

  constructor(
    { clock, deadlines }: { readonly clock: Clock; readonly deadlines: Deadlines },
    { request, attempt, record }: Wanted,
    lease: Lease<UndiciConnection>,
  ) {
    const { connection } = lease;
    this.#request = request;
    this.#attempt = attempt;
    this.#lease = lease;
    this.#connection = connection;
    this.#record = record;
    this.#bytesBefore = connection.bytesWritten;
    record.connected(connection, lease.origin);
    const { limits, signal } = attempt;
    this.#clock = clock;
    this.#limits = new ExchangeLimits(deadlines, { limits, since: record.startedAt, observer: this });
    this.#limits.start();
    if (!connection.settled) this.#limits.awaitSettings();
    signal.addEventListener('abort', this.#onAbort);
    this.#body = new ResponseBody(this);
    const { body } = request;
    this.#upload = new OutgoingBody({ body, attempt, connection, record, clock, observer: this });
  }

  get response(): Promise<TransportResponse> {
    return this.#response.promise;
  }

  start(): void {
    // The connection may have been granted a moment before the caller gave up.
    if (this.#attempt.signal.aborted) this.#onAbort();
    else this.#connection.join(this);
  }

  /** Ends the exchange from our side: an abort, a limit, the closing of the transport. */
  abandon(kind: 'aborted' | 'timeout' | 'closed', message: string, cause?: unknown): void {
    this.#fail({ kind, message, cause, connection: this.#captured === undefined ? 'keep' : 'interrupted' });
  }

  // What the connection says.

  depart(): void {
    const connection = this.#connection;
    if (connection.dead || connection.goaway !== undefined) {
      this.#failOnWire(connection.failure);
      return;
    }
    this.#departedAt = this.#clock.now();
    this.#record.enter('request', this.#departedAt);
    const { url, method } = this.#request;
    const path = url.pathname + url.search;
    const headers = requestHeaders(this.#request);
    connection.dispatch({ path, method, headers, body: this.#upload.dispatched }, this);
  }

  onStream(stream: ClientHttp2Stream): void {
    this.#captured = new CapturedStream(stream, this);
    if (this.#settled) {
      this.#captured.cancel();
      return;
    }
    this.#upload.onStream(this.#captured, this.#departedAt);
    this.#limits.watchProgress(this.#departedAt);
  }

  onNoStream(error: Error): void {
    this.#fail({ ...mapNoStream(error), cause: error });
  }

  onGoaway(_code: number, lastStreamId: number): void {
    const id = this.#captured?.stream.id;
    if (id === undefined || id > lastStreamId) this.#failOnWire(undefined);
  }

  onConnectionEnd(reason: RetireReason): void {
    if (reason === 'transport-closed') this.abandon('closed', 'the transport was closed');
    else this.#failOnWire(this.#connection.failure);
  }

  // What the stream says.

  onRequestFlushed(): void {
    if (this.#settled || this.#answered) return;
    const now = this.#clock.now();
    this.#upload.onRequestFlushed(now);
    this.#record.enter('headers', now);
    this.#limits.awaitHeaders(now);
  }

  onRefused(error: Error): void {
    this.#failOnWire(error);
  }

  onFrameError(headers: boolean): void {
    // HEADERS that were queued when a GOAWAY came are not sent at all (RFC 9113 section 6.8): nothing has left.
    this.#headersUnsent ||= headers;
    this.#failOnWire(undefined);
  }

  // What the body says.

  onSourceError(cause: Error): void {
    this.#fail({ kind: 'body-source', message: cause.message, connection: 'interrupted', cause });
  }

  // What undici says.

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // undici starts a request anew when it resends it (null bodies after REFUSED_STREAM or GOAWAY). One send() is at most
    // one request on the wire, so the second start is the end.
    if (this.#settled || this.#controller !== undefined) {
      this.#failOnWire(undefined);
      controller.abort(new Error('a request is never resent'));
      return;
    }
    this.#controller = controller;
    this.#connection.board(this);
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number): void {
    if (this.#settled) return;
    // 1xx (RFC 9110 section 15.2) is news, not the answer.
    if (status < 200) return;
    this.#answered = true;
    this.#limits.headersArrived();
    const now = this.#clock.now();
    this.#connection.answered(now - this.#departedAt);
    this.#record.enter('body', now);
    // A refusal needs no more of the request. A 2xx may be a server that answers while it reads, so its upload goes on
    // until the response ends (golang.org/issue/13444).
    if (status > 299) this.#upload.park();
    this.#response.resolve({
      status,
      headers: responseHeaders(this.#captured?.answerFields ?? []),
      body: this.#body,
      exchange: this.#record.snapshot(now),
      done: this.#done.promise,
    });
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.#settled) return;
    this.#record.bytesReceived += chunk.byteLength;
    this.#body.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#settled) return;
    if (this.#captured?.endStreamReceived !== true) {
      this.#failOnWire(undefined);
      return;
    }
    const lost = this.#captured.bytesReceived - this.#record.bytesReceived;
    if (lost !== 0) {
      const message = `the library lost ${lost} bytes of the answer`;
      this.#fail({ kind: 'protocol', message, connection: 'stream-error' });
      return;
    }
    this.#settle('keep', this.#connection.heard());
    this.#body.end({ type: 'whole' });
  }

  onResponseError(_: Dispatcher.DispatchController | null, error: Error): void {
    this.#failOnWire(error);
  }

  // What the reader of the response says.

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  cancel(): void {
    this.abandon('aborted', 'the response body was left before its end');
  }

  // What the limits say.

  /** What moves: bytes taken from us and bytes given to us. */
  mark(): number | undefined {
    const record = this.#record;
    if (record.phase === 'headers' || this.#body.paused) return undefined;
    // Not the window: a peer that grants little by little finds it used up at every look.
    this.#own ??= new OwnBytes(this.#connection);
    return this.#upload.taken + record.bytesReceived + this.#own.look(this.#upload);
  }

  onSettingsDue(connectMs: number): void {
    this.#connection.settingsDue(connectMs);
  }

  onSilence(idleMs: number): void {
    if (this.#upload.sourceWaiting && !this.#answered) {
      const message = `the body's source gave nothing for ${idleMs} ms`;
      this.#fail({ kind: 'body-source', message, connection: 'interrupted' });
    } else {
      this.abandon('timeout', `nothing moved for ${idleMs} ms`);
    }
  }

  onHeadersLate(headersMs: number): void {
    this.abandon('timeout', `no response headers within ${headersMs} ms of the request`);
  }

  onTotalPassed(totalMs: number): void {
    this.abandon('timeout', `not done within ${totalMs} ms`);
  }

  #failOnWire(error: Error | undefined): void {
    if (this.#settled) return;
    const connection = this.#connection;
    const mapped = mapFailure({
      error: error ?? connection.failure,
      peerReset: this.#captured?.peerResetCode,
      goaway: connection.goaway,
      streamId: this.#captured?.stream.id,
      sent: this.#sent(),
      leftWhole: this.#record.phase !== 'request',
      answered: this.#answered,
    });
    this.#fail({ ...mapped, cause: error ?? connection.failure });
  }

  /** Nothing of the request has left when it has no stream, or when its connection died without writing since. */
  #sent(): boolean {
    const { dead, bytesWritten } = this.#connection;
    if (this.#headersUnsent) return false;
    return this.#captured !== undefined && (!dead || bytesWritten > this.#bytesBefore);
  }

  #fail(failure: Failure): void {
    if (this.#settled) return;
    const { phase } = this.#record;
    // The reset must be on its way before undici hears of anything: its own way to stop ends the upload as whole.
    this.#captured?.cancel();
    const delivery =
      failure.delivery ?? (this.#answered ? 'answered' : this.#sent() ? 'unknown' : 'not-sent');
    if (failure.h2Code === 'ENHANCE_YOUR_CALM') this.#connection.askedForCalm = true;
    this.#settle(failure.connection);
    const error = failedExchange(failure, { phase, delivery, exchange: this.#record.snapshot() });
    this.#body.end({ type: 'failed', error });
    this.#response.reject(error);
    this.#controller?.abort(error);
  }

  #settle(verdict: Verdict, at?: Instant): void {
    this.#settled = true;
    this.#record.requestComplete = this.#captured?.endStreamSent ?? false;
    this.#limits.stop();
    this.#attempt.signal.removeEventListener('abort', this.#onAbort);
    this.#record.end(at?.mono);
    // An early answer leaves an upload behind; RFC 9113 section 8.1 lets it end in a reset.
    this.#captured?.leave();
    this.#upload.stop();
    this.#connection.leave(this);
    this.#done.resolve(this.#record.snapshot());
    this.#lease.release(verdict, at);
  }
}

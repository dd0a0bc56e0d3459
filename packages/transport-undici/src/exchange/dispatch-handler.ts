import type { ClientHttp2Stream } from 'node:http2';
import type {
  Attempt,
  Clock,
  Exchange,
  RetireReason,
  TransportRequest,
  TransportResponse,
  Verdict,
} from '@ferry/core';
import type { Dispatcher } from 'undici';
import type { Rider } from '../connection/rider.ts';
import type { UndiciConnection } from '../connection/undici-connection.ts';
import { CapturedStream } from './captured-stream.ts';
import { type Failure, failedExchange } from './exchange-failure.ts';
import { ExchangeLimits } from './exchange-limits.ts';
import type { ExchangeRecord } from './exchange-record.ts';
import { requestHeaders, responseHeaders } from './headers.ts';
import { mapFailure } from './map-error.ts';
import { pieceBytes } from './piece-size.ts';
import { BodyFeed } from './request-body.ts';
import { ResponseBody } from './response-body.ts';

/** RFC 9113 section 6.2. */
const HEADERS_FRAME = 1;

export interface DispatchOptions {
  readonly request: TransportRequest;
  readonly attempt: Attempt;
  readonly connection: UndiciConnection;
  readonly record: ExchangeRecord;
  readonly clock: Clock;
  /** Called once, when the exchange is off the wire. */
  readonly onSettled: (verdict: Verdict) => void;
}

/**
 * One request on one connection, from dispatch to the end of the response. Whatever ends it first settles it; all later
 * news about it is a consequence and ignored.
 */
export class DispatchHandler implements Dispatcher.DispatchHandler, Rider {
  readonly #options: DispatchOptions;
  readonly #limits: ExchangeLimits;
  readonly #bytesBefore: number;
  #furthest = 0;
  readonly #body: ResponseBody;
  readonly #feed: BodyFeed | undefined;
  readonly #response = Promise.withResolvers<TransportResponse>();
  readonly #done = Promise.withResolvers<Exchange>();
  #controller: Dispatcher.DispatchController | undefined;
  #captured: CapturedStream | undefined;
  #answered = false;
  #headersUnsent = false;
  #settled = false;

  constructor(options: DispatchOptions) {
    this.#options = options;
    this.#limits = new ExchangeLimits(options.clock, options.attempt.limits);
    this.#bytesBefore = options.connection.bytesWritten;
    this.#body = new ResponseBody({
      pause: () => this.#controller?.pause(),
      resume: () => this.#controller?.resume(),
      cancel: () => this.abandon('aborted', 'the response body was left before its end'),
    });
    const { body } = options.request;
    this.#feed =
      body === undefined || body.byteLength === 0
        ? undefined
        : new BodyFeed(body, options.clock, {
            pieceBytes: (tookMs) => pieceBytes(options.connection.riderCount, tookMs),
            onOpen: () => {
              options.record.bodyOpened = true;
            },
            onPiece: (bytes) => this.#onPiece(bytes),
            onSourceError: (error) =>
              this.#fail({
                kind: 'body-source',
                message: error.message,
                connection: 'interrupted',
                cause: error,
              }),
          });
  }

  get response(): Promise<TransportResponse> {
    return this.#response.promise;
  }

  start(): void {
    const { request, connection, record } = this.#options;
    if (connection.dead || connection.goaway !== undefined) {
      this.#failOnWire(connection.failure);
      return;
    }
    record.enter('request');
    const { pathname, search } = request.url;
    // undici's types want a Readable; its Request takes any iterable, and only those survive an abort.
    const body = this.#feed?.pieces() as unknown as Dispatcher.DispatchOptions['body'];
    connection.dispatch(
      {
        path: `${pathname}${search}`,
        method: request.method,
        headers: requestHeaders(request),
        body: body ?? null,
      },
      this,
      this,
    );
  }

  /** Ends the exchange from our side: an abort, a limit, the closing of the transport. */
  abandon(kind: 'aborted' | 'timeout' | 'closed', message: string, cause?: unknown): void {
    this.#fail({ kind, message, cause, connection: this.#captured === undefined ? 'keep' : 'interrupted' });
  }

  // What the connection says.

  onStream(stream: ClientHttp2Stream): void {
    this.#captured = new CapturedStream(stream);
    // undici resends a bodiless request whose HEADERS could not be sent after a GOAWAY: it must have failed before.
    stream.prependListener('frameError', (type: number) => {
      // HEADERS that were queued when a GOAWAY came are not sent at all (RFC 9113 section 6.8): nothing has left.
      this.#headersUnsent ||= type === HEADERS_FRAME;
      this.#failOnWire(undefined);
    });
    if (stream.writableFinished) this.#onRequestFlushed();
    else stream.once('finish', () => this.#onRequestFlushed());
    if (this.#settled) this.#captured.cancel();
    else
      this.#limits.watchProgress(
        () => this.#mark(),
        (idleMs) => this.#onSilence(idleMs),
      );
  }

  onGoaway(_code: number, lastStreamId: number): void {
    const id = this.#captured?.stream.id;
    if (id === undefined || id > lastStreamId) this.#failOnWire(undefined);
  }

  onConnectionEnd(reason: RetireReason): void {
    if (reason === 'transport-closed') this.abandon('closed', 'the transport was closed');
    else this.#failOnWire(this.#options.connection.failure);
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
    this.#options.connection.board(this);
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Parameters<typeof responseHeaders>[0],
  ): void {
    if (this.#settled) return;
    this.#options.connection.heard();
    // 1xx (RFC 9110 section 15.2) is news, not the answer.
    if (status < 200) return;
    this.#answered = true;
    this.#limits.headersArrived();
    const { record } = this.#options;
    record.enter('body');
    // A refusal needs no more of the request. A 2xx may be a server that answers while it reads, so its upload goes on
    // until the response ends (golang.org/issue/13444).
    if (status > 299) this.#feed?.park();
    this.#response.resolve({
      status,
      headers: responseHeaders(headers),
      body: this.#body,
      exchange: record.snapshot(),
      done: this.#done.promise,
    });
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.#settled) return;
    this.#options.connection.heard();
    this.#options.record.bytesReceived += chunk.byteLength;
    this.#body.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#settled) return;
    if (this.#captured?.endStreamReceived !== true) {
      this.#failOnWire(undefined);
      return;
    }
    this.#options.connection.heard();
    this.#settle('keep');
    this.#body.end({ type: 'whole' });
  }

  onResponseError(_: Dispatcher.DispatchController | null, error: Error): void {
    this.#failOnWire(error);
  }

  #onPiece(bytes: number): void {
    const { record, attempt } = this.#options;
    record.bytesSent += bytes;
    attempt.onBytesSent?.(record.bytesSent);
  }

  #onRequestFlushed(): void {
    if (this.#settled || this.#answered) return;
    this.#options.record.enter('headers');
    this.#limits.awaitHeaders((headersMs) =>
      this.abandon('timeout', `no response headers within ${headersMs} ms of the request`),
    );
  }

  /** What moves: bytes taken from us and bytes given to us. */
  #mark(): string | undefined {
    const { record, connection } = this.#options;
    if (record.phase === 'headers' || this.#body.paused) return undefined;
    const taken = record.bytesSent - (this.#captured?.queuedBytes ?? 0);
    // Finer than the pieces of the body, and exact as long as no other request shares the connection. Not the window: a peer
    // that grants little by little finds it used up at every look.
    if (connection.riderCount === 1)
      this.#furthest = Math.max(this.#furthest, connection.requestBytesWritten);
    return `${taken} ${record.bytesReceived} ${this.#furthest}`;
  }

  #onSilence(idleMs: number): void {
    if (this.#feed?.sourceWaiting === true && this.#captured?.queuedBytes === 0 && !this.#answered) {
      const message = `the body's source gave nothing for ${idleMs} ms`;
      this.#fail({ kind: 'body-source', message, connection: 'interrupted' });
    } else {
      this.abandon('timeout', `nothing moved for ${idleMs} ms`);
    }
  }

  #failOnWire(error: Error | undefined): void {
    if (this.#settled) return;
    const { connection } = this.#options;
    const mapped = mapFailure({
      error: error ?? connection.failure,
      peerReset: this.#captured?.peerResetCode,
      goaway: connection.goaway,
      streamId: this.#captured?.stream.id,
      sent: this.#sent(),
      answered: this.#answered,
    });
    this.#fail({ ...mapped, cause: error ?? connection.failure });
  }

  /** Nothing of the request has left when it has no stream, or when its connection died without writing since. */
  #sent(): boolean {
    const { connection } = this.#options;
    if (this.#headersUnsent) return false;
    return this.#captured !== undefined && (!connection.dead || connection.bytesWritten > this.#bytesBefore);
  }

  #fail(failure: Failure): void {
    if (this.#settled) return;
    const { record } = this.#options;
    const { phase } = record;
    // The reset must be on its way before undici hears of anything: its own way to stop ends the upload as whole.
    this.#captured?.cancel();
    const delivery =
      failure.delivery ?? (this.#answered ? 'answered' : this.#sent() ? 'unknown' : 'not-sent');
    if (failure.h2Code === 'ENHANCE_YOUR_CALM') this.#options.connection.askedForCalm = true;
    this.#settle(failure.connection);
    const error = failedExchange(failure, { phase, delivery, exchange: record.snapshot() });
    this.#body.end({ type: 'failed', error });
    this.#response.reject(error);
    this.#controller?.abort(error);
  }

  #settle(verdict: Verdict): void {
    const { record, connection, onSettled } = this.#options;
    this.#settled = true;
    this.#limits.stop();
    record.end();
    // An early answer leaves an upload behind; RFC 9113 section 8.1 lets it end in a reset.
    this.#captured?.cancel();
    this.#feed?.stop();
    connection.leave(this);
    this.#done.resolve(record.snapshot());
    onSettled(verdict);
  }
}

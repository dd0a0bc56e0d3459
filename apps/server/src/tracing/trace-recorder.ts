/** Events as spans: one for the request, one for each logical upload or edit in it, one for each of its attempts. */
import {
  type Context,
  defaultTextMapGetter,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { clientLabels } from '../metrics/client-labels.ts';
import type {
  AttemptEnded,
  AttemptStarted,
  CallEnded,
  CallStarted,
  RequestEnded,
  RequestStarted,
  TelemetryEvent,
} from '../telemetry/telemetry-event.ts';

interface OpenRequest {
  readonly span: Span;
  readonly requestId: string;
}

interface OpenCall {
  readonly span: Span;
  /** The attempt under way. */
  attempt: Span | undefined;
}

/**
 * Subscribe `hear` to the stream. A span is named after what it is, never after what a caller sent; a caller's own trace goes
 * on through ours (W3C Trace Context). Nothing of it is sent upstream.
 */
export class TraceRecorder {
  readonly #tracer: Tracer;
  readonly #propagator = new W3CTraceContextPropagator();
  readonly #requests = new Map<number, OpenRequest>();
  readonly #calls = new Map<string, OpenCall>();

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  readonly hear = (event: TelemetryEvent): void => {
    switch (event.type) {
      case 'request-started':
        this.#requestStarted(event);
        return;
      case 'request-ended':
        this.#requestEnded(event);
        return;
      case 'call-started':
        this.#callStarted(event);
        return;
      case 'attempt-started':
        this.#attemptStarted(event);
        return;
      case 'attempt-ended':
        this.#attemptEnded(event);
        return;
      case 'call-ended':
        this.#callEnded(event);
        return;
      case 'bytes-sent':
      case 'retry-planned':
      case 'upstream':
      case 'connection':
      case 'fallback':
      case 'credential':
      case 'queue':
      case 'alert':
        return;
      default:
        event satisfies never;
    }
  };

  /** Spans that have begun and not ended; for tests, which look for forgotten ones. */
  get open(): number {
    return this.#requests.size + this.#calls.size;
  }

  #requestStarted({ at, requestId, number, method, route, traceparent, tracestate }: RequestStarted): void {
    const carrier = {
      ...(traceparent !== undefined && { traceparent }),
      ...(tracestate !== undefined && { tracestate }),
    };
    const parent = this.#propagator.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter);
    const span = this.#tracer.startSpan(
      `${method} ${route}`,
      {
        kind: SpanKind.SERVER,
        startTime: at,
        attributes: { 'http.request.method': method, 'http.route': route, 'ferry.request.id': requestId },
      },
      parent,
    );
    this.#requests.set(number, { span, requestId });
  }

  #requestEnded({ at, number, status }: RequestEnded): void {
    const span = this.#requests.get(number)?.span;
    this.#requests.delete(number);
    span?.setAttribute('http.response.status_code', status);
    if (status >= 500)
      span?.setAttribute('error.type', String(status)).setStatus({ code: SpanStatusCode.ERROR });
    span?.end(at);
  }

  #callStarted({ at, callId, operation, requestId, provider, use, model }: CallStarted): void {
    const span = this.#tracer.startSpan(
      operation,
      {
        startTime: at,
        attributes: {
          [`ferry.${operation}.id`]: callId,
          'ferry.request.id': requestId,
          'ferry.provider': provider,
          'ferry.reuse_session': use === 'shared',
          ...(model !== undefined && { 'ferry.model': model }),
        },
      },
      this.#contextOf(requestId),
    );
    this.#calls.set(callId, { span, attempt: undefined });
  }

  #attemptStarted({ at, callId, attempt, origin }: AttemptStarted): void {
    const call = this.#calls.get(callId);
    if (call === undefined) return;
    call.attempt = this.#tracer.startSpan(
      'POST',
      {
        kind: SpanKind.CLIENT,
        startTime: at,
        attributes: {
          'http.request.method': 'POST',
          ...clientLabels(origin, undefined),
          // Absent on the first (semantic conventions for HTTP spans, "Retries").
          ...(attempt > 1 && { 'http.request.resend_count': attempt - 1 }),
        },
      },
      trace.setSpan(ROOT_CONTEXT, call.span),
    );
  }

  #attemptEnded({
    at,
    callId,
    origin,
    connection,
    errorType,
    failure,
    status,
    credential,
    phaseMs,
  }: AttemptEnded): void {
    const call = this.#calls.get(callId);
    const span = call?.attempt;
    if (call === undefined || span === undefined) return;
    call.attempt = undefined;
    span.setAttributes({
      ...clientLabels(origin, connection?.protocol),
      ...(connection && { 'ferry.connection.id': connection.id, 'ferry.connection.reuse': connection.reuse }),
      ...(status !== undefined && { 'http.response.status_code': status }),
      ...(credential !== undefined && { 'ferry.credential': credential }),
      ...(failure && { 'ferry.delivery': failure.delivery, 'ferry.phase': failure.phase }),
      ...Object.fromEntries(Object.entries(phaseMs).map(([phase, ms]) => [`ferry.phase_ms.${phase}`, ms])),
    });
    if (errorType !== 'none') fail(span, errorType, failure?.message);
    span.end(at);
  }

  #callEnded({ at, callId, operation, outcome, attempts, bytes, upstreamMs, failure }: CallEnded): void {
    const call = this.#calls.get(callId);
    if (call === undefined) return;
    this.#calls.delete(callId);
    call.span.setAttributes({
      'ferry.outcome': outcome,
      'ferry.attempts': attempts,
      [`ferry.${operation}.bytes`]: bytes,
      'ferry.upstream_ms': upstreamMs,
    });
    if (outcome === 'failed') fail(call.span, failure?.code ?? 'failed', failure?.message);
    // An attempt that never told of its end, should there ever be one.
    call.attempt?.end(at);
    call.span.end(at);
  }

  /** The oldest request under way with this id: only a caller who uses one twice at a time has several. */
  #contextOf(requestId: string): Context {
    for (const request of this.#requests.values()) {
      if (request.requestId === requestId) return trace.setSpan(ROOT_CONTEXT, request.span);
    }
    return ROOT_CONTEXT;
  }
}

function fail(span: Span, type: string, message: string | undefined): void {
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR, ...(message !== undefined && { message }) });
}

import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { expect, test } from 'vitest';
import type { CallIdentity, TelemetryEvent } from '../telemetry/telemetry-event.ts';
import { TraceRecorder } from './trace-recorder.ts';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT_ID = '00f067aa0ba902b7';
const T = 1_700_000_000_000;

const identity: CallIdentity = {
  callId: 'upl_1',
  operation: 'upload',
  requestId: 'req_1',
  provider: 'xai',
  origin: 'https://api.x.ai',
};
const request = { requestId: 'req_1', number: 1, method: 'POST', route: '/api/v1/admin/img2img' } as const;
const attempt = { startedAt: T, durationMs: 1, delayMs: 0, bytesSent: 1, bytesReceived: 1 } as const;

/** An upload that is reset once, and then arrives. */
const STORY: readonly TelemetryEvent[] = [
  { type: 'request-started', at: T, ...request, traceparent: `00-${TRACE_ID}-${PARENT_ID}-01` },
  { type: 'call-started', at: T + 1, ...identity, use: 'shared', filename: 'private.jpg' },
  { type: 'attempt-started', at: T + 2, ...identity, attempt: 1 },
  {
    type: 'attempt-ended',
    at: T + 3,
    ...identity,
    ...attempt,
    attempt: 1,
    errorType: 'http2_protocol_error',
    failure: {
      kind: 'reset',
      phase: 'request',
      delivery: 'unknown',
      h2Code: 'PROTOCOL_ERROR',
      message: 'reset',
    },
    connection: { id: 'h2-1', protocol: 'h2', reuse: 'reused' },
    phaseMs: { request: 1 },
  },
  { type: 'attempt-started', at: T + 4, ...identity, attempt: 2 },
  {
    type: 'attempt-ended',
    at: T + 5,
    ...identity,
    ...attempt,
    attempt: 2,
    errorType: 'none',
    status: 200,
    connection: { id: 'h2-2', protocol: 'h2', reuse: 'fresh' },
    phaseMs: { headers: 1 },
  },
  {
    type: 'call-ended',
    at: T + 6,
    ...identity,
    outcome: 'ok',
    attempts: 2,
    bytes: 9,
    durationMs: 5,
    upstreamMs: 5,
  },
  { type: 'request-ended', at: T + 7, ...request, status: 200, durationMs: 7 },
];

function recorded(events: readonly TelemetryEvent[]) {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const recorder = new TraceRecorder(provider.getTracer('test'));
  for (const event of events) recorder.hear(event);
  return { spans: exporter.getFinishedSpans(), open: recorder.open };
}

test('an upload is a span in the request of its caller, and each attempt a span in it', () => {
  const { spans, open } = recorded(STORY);
  expect(open).toBe(0);
  const [first, second, upload, server] = spans;
  expect(spans.map(({ name }) => name)).toEqual(['POST', 'POST', 'upload', 'POST /api/v1/admin/img2img']);
  expect(new Set(spans.map((span) => span.spanContext().traceId))).toEqual(new Set([TRACE_ID]));
  expect(server?.parentSpanContext?.spanId).toBe(PARENT_ID);
  expect(upload?.parentSpanContext?.spanId).toBe(server?.spanContext().spanId);
  for (const span of [first, second]) {
    expect(span?.parentSpanContext?.spanId).toBe(upload?.spanContext().spanId);
    expect(span?.kind).toBe(SpanKind.CLIENT);
  }
});

test('an attempt says what it was sent over and why it failed, and only a further one that it is a resend', () => {
  const [first, second] = recorded(STORY).spans;
  expect(first?.attributes).toMatchObject({
    'server.address': 'api.x.ai',
    'server.port': 443,
    'network.protocol.version': '2',
    'error.type': 'http2_protocol_error',
    'ferry.connection.reuse': 'reused',
    'ferry.delivery': 'unknown',
  });
  expect(first?.status.code).toBe(SpanStatusCode.ERROR);
  expect(first?.attributes).not.toHaveProperty('http.request.resend_count');
  expect(second?.attributes).toMatchObject({
    'http.request.resend_count': 1,
    'http.response.status_code': 200,
  });
  expect(second?.status.code).toBe(SpanStatusCode.UNSET);
});

test('nothing a stranger chose is in a span', () => {
  expect(
    JSON.stringify(recorded(STORY).spans.map(({ name, attributes }) => [name, attributes])),
  ).not.toContain('private');
});

test('a trace context that is none begins a trace of our own', () => {
  const [start, ...rest] = STORY;
  if (start?.type !== 'request-started') throw new Error('the story begins with its request');
  const { spans } = recorded([{ ...start, traceparent: 'not-a-trace' }, ...rest]);
  expect(spans.at(-1)?.parentSpanContext).toBeUndefined();
  expect(spans.at(-1)?.spanContext().traceId).toMatch(/^[0-9a-f]{32}$/);
});

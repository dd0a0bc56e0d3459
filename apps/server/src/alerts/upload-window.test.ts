import { expect, test } from 'vitest';
import type { ErrorType } from '../telemetry/error-type.ts';
import type {
  AttemptEnded,
  CallEnded,
  CallIdentity,
  CallOutcome,
  Operation,
} from '../telemetry/telemetry-event.ts';
import { UploadWindow } from './upload-window.ts';

const identity = (operation: Operation): CallIdentity => ({
  callId: 'upl_1',
  operation,
  requestId: 'req_1',
  provider: 'xai',
  origin: 'https://api.x.ai',
});

const ended = (
  at: number,
  outcome: CallOutcome,
  { attempts = 1, upstreamMs = 800, operation = 'upload' as Operation } = {},
): CallEnded => ({
  type: 'call-ended',
  at,
  ...identity(operation),
  outcome,
  attempts,
  bytes: 1,
  durationMs: 60_000,
  upstreamMs,
});

const attempt = (at: number, errorType: ErrorType, protocol: 'h2' | 'http/1.1' = 'h2'): AttemptEnded => ({
  type: 'attempt-ended',
  at,
  ...identity('upload'),
  attempt: 1,
  startedAt: at,
  durationMs: 1,
  delayMs: 0,
  errorType,
  connection: { id: 'c', protocol, reuse: 'fresh' },
  phaseMs: {},
  bytesSent: 1,
  bytesReceived: 1,
});

const T = 1_700_000_000_000;
const WINDOW_MS = 300_000;

test('the success rate leaves out what was aborted, and counts no edits', () => {
  const window = new UploadWindow();
  for (const outcome of ['ok', 'ok', 'ok', 'failed', 'aborted'] as const) window.hear(ended(T, outcome));
  window.hear(ended(T, 'failed', { operation: 'edit' }));
  const { uploads, values } = window.figures(T, WINDOW_MS);
  expect([uploads, values['success-rate']]).toEqual([4, 0.75]);
});

test('retries are attempts after the first, on average', () => {
  const window = new UploadWindow();
  window.hear(ended(T, 'ok', { attempts: 1 }));
  window.hear(ended(T, 'failed', { attempts: 4 }));
  expect(window.figures(T, WINDOW_MS).values['average-retries']).toBe(1.5);
});

test('the HTTP/2 error rate is of attempts over HTTP/2, and counts its own errors only', () => {
  const window = new UploadWindow();
  for (const type of ['none', 'http2_protocol_error', 'timeout', '502'] as const)
    window.hear(attempt(T, type));
  window.hear(attempt(T, 'reset', 'http/1.1'));
  const { h2Attempts, values } = window.figures(T, WINDOW_MS);
  expect([h2Attempts, values['http2-error-rate']]).toEqual([4, 0.25]);
});

test("latency leaves the client's own sending out", () => {
  const window = new UploadWindow();
  for (let i = 0; i < 10; i += 1) window.hear(ended(T, 'ok', { upstreamMs: 800 }));
  const { values } = window.figures(T, WINDOW_MS);
  expect(values['latency-p50']).toBeGreaterThan(0.75);
  expect(values['latency-p99']).toBeLessThanOrEqual(1);
});

test('what is older than the window does not count', () => {
  const window = new UploadWindow();
  window.hear(ended(T, 'failed'));
  window.hear(ended(T + 200_000, 'ok'));
  expect(window.figures(T + 299_000, WINDOW_MS).values['success-rate']).toBe(0.5);
  expect(window.figures(T + 301_000, WINDOW_MS).values['success-rate']).toBe(1);
  expect(window.figures(T + 600_000, WINDOW_MS).values['success-rate']).toBeUndefined();
});

test('without uploads there is nothing to say', () => {
  const { uploads, values } = new UploadWindow().figures(T, WINDOW_MS);
  expect(uploads).toBe(0);
  expect(new Set(Object.values(values))).toEqual(new Set([undefined]));
});

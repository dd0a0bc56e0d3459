/** Calls for tests. */
import type { Call, TimedAttempt } from './status-api.ts';

export const testAttempt = (attempt: Partial<TimedAttempt> = {}): TimedAttempt => ({
  attempt: 1,
  startedAt: 0,
  delayMs: 0,
  durationMs: 100,
  status: 200,
  error: null,
  connection: { id: 'h2-1', protocol: 'h2', reused: false, origin: 'fresh' },
  bytesSent: 1_000,
  phaseMs: {},
  ...attempt,
});

export const testCall = (call: Partial<Call> = {}): Call => ({
  id: 'upl_1',
  operation: 'upload',
  requestId: 'req_1',
  provider: 'xai',
  filename: 'a.jpg',
  model: null,
  imagesInside: null,
  state: 'ok',
  startedAt: 0,
  endedAt: 100,
  durationMs: 100,
  bytes: 1_000,
  bytesSent: 1_000,
  bytesTotal: 1_000,
  runningAttempt: null,
  attempts: [testAttempt()],
  error: null,
  ...call,
});

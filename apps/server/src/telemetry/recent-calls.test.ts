import { expect, test } from 'vitest';
import { RecentCalls } from './recent-calls.ts';
import type { CallIdentity, Operation } from './telemetry-event.ts';

const identity = (callId: string, operation: Operation = 'upload'): CallIdentity => ({
  callId,
  operation,
  requestId: 'req_1',
  provider: 'xai',
  origin: 'https://api.x.ai',
});

const begin = (calls: RecentCalls, callId: string, operation: Operation = 'upload'): void =>
  calls.hear({ type: 'call-started', at: 1, ...identity(callId, operation), use: 'isolated' });

const end = (calls: RecentCalls, callId: string): void =>
  calls.hear({
    type: 'call-ended',
    at: 2,
    ...identity(callId),
    outcome: 'ok',
    attempts: 1,
    bytes: 5,
    durationMs: 1,
    upstreamMs: 1,
  });

test('the newest comes first, and no more are kept than allowed', () => {
  const calls = new RecentCalls(3);
  for (const id of ['a', 'b', 'c', 'd']) begin(calls, id);
  expect(calls.list('upload', 10).map(({ callId }) => callId)).toEqual(['d', 'c', 'b']);
  expect(calls.list('upload', 1).map(({ callId }) => callId)).toEqual(['d']);
});

test('many uploads do not push out the edit they were for', () => {
  const calls = new RecentCalls(2);
  begin(calls, 'edit', 'edit');
  for (const id of ['a', 'b', 'c']) begin(calls, id);
  expect(calls.list('edit', 10)).toHaveLength(1);
});

test('one that was pushed out while it ran does not come back with its end', () => {
  const calls = new RecentCalls(1);
  begin(calls, 'a');
  begin(calls, 'b');
  end(calls, 'a');
  end(calls, 'b');
  expect(calls.list('upload', 10)).toMatchObject([{ callId: 'b', state: 'ok', bytes: 5 }]);
});

test('bytes move while an attempt runs, and begin from nothing with the next one', () => {
  const calls = new RecentCalls(1);
  begin(calls, 'a');
  calls.hear({ type: 'attempt-started', at: 2, ...identity('a'), attempt: 1 });
  calls.hear({ type: 'bytes-sent', at: 3, ...identity('a'), attempt: 1, bytesSent: 4, bytesTotal: 9 });
  expect(calls.list('upload', 1)).toMatchObject([{ bytesSent: 4, bytesTotal: 9, running: { attempt: 1 } }]);
  calls.hear({ type: 'attempt-started', at: 4, ...identity('a'), attempt: 2 });
  expect(calls.list('upload', 1)).toMatchObject([{ bytesSent: 0, running: { attempt: 2, startedAt: 4 } }]);
});

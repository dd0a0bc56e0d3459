import { expect, it } from 'vitest';
import { callJourney, editJourney } from './call-journey.ts';
import { newestFirst, withBytes, withCalls, withoutRunning } from './calls.ts';
import { testAttempt, testCall } from './testing.ts';

const running = testCall({ state: 'running', endedAt: null, bytesSent: 0 });

it('an end is never taken back by older news', () => {
  const ended = withCalls(new Map(), [testCall()]);
  expect(withCalls(ended, [running]).get('upl_1')?.state).toBe('ok');
  expect(withCalls(withCalls(new Map(), [running]), [testCall()]).get('upl_1')?.state).toBe('ok');
});

it('bytes move what runs, and nothing else', () => {
  const bytes = { id: 'upl_1', bytes_sent: 700, bytes_total: 1_000 };
  expect(withBytes(withCalls(new Map(), [running]), bytes).get('upl_1')?.bytesSent).toBe(700);
  expect(withBytes(withCalls(new Map(), [testCall()]), bytes).get('upl_1')?.bytesSent).toBe(1_000);
});

it('the newest come first, and only so many are kept', () => {
  const many = Array.from({ length: 230 }, (_, n) => testCall({ id: `upl_${n}`, startedAt: n }));
  const kept = newestFirst(withCalls(new Map(), many), 'upload');
  expect(kept).toHaveLength(200);
  expect(kept[0]?.id).toBe('upl_229');
});

it('what ran in a process that is gone is forgotten', () => {
  expect(withoutRunning(withCalls(new Map(), [running, testCall({ id: 'upl_2' })])).size).toBe(1);
});

it('a retry is a loop on the way to the upstream, and the edit completes the journey', () => {
  const upload = testCall({
    attempts: [testAttempt({ status: 503, bytesSent: 500 }), testAttempt({ attempt: 2, delayMs: 1_000 })],
  });
  const edit = testCall({ id: 'edt_1', operation: 'edit' });
  const [send, sent, edited] = callJourney(upload, edit).stretches;
  expect([send.state, sent.state, edited.state]).toEqual(['done', 'done', 'done']);
  expect(sent.loops).toMatchObject([{ number: 1, at: 0.5 }]);
  expect(sent.loops[0]?.words).toContain('Upstream unavailable (503)');
  expect(callJourney(upload, undefined).stretches[2].state).toBe('waiting');
});

it('an upload that failed ends its journey before the upstream', () => {
  const failed = testCall({ state: 'failed', attempts: [testAttempt({ status: 404 })] });
  const [, sent, edited] = callJourney(failed, undefined).stretches;
  expect([sent.state, edited.state]).toEqual(['failed', 'waiting']);
});

it('an edit by itself is a journey whose images travel inside it', () => {
  const inside = { count: 2, bytes: 3_000 };
  const failed = editJourney(testCall({ operation: 'edit', state: 'failed', imagesInside: inside }));
  expect(failed.words).toMatch(/^2\simages: Failed/);
  expect(failed.stretches.map(({ state }) => state)).toEqual(['done', 'done', 'failed']);
  expect(failed.stretches[1].figure).toBe('inside the edit');
  const named = editJourney(
    testCall({ operation: 'edit', attempts: [testAttempt(), testAttempt({ attempt: 2 })] }),
  );
  expect(named.words).toMatch(/^uploaded images: Edited .*1\sretry/);
  expect(named.stretches[2].loops).toHaveLength(1);
});

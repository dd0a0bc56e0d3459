import { expect, it } from 'vitest';
import type { Call } from './status-api.ts';
import { testAttempt, testCall } from './testing.ts';
import { clock, verdict } from './verdict.ts';

const NINE = new Date(2026, 0, 1, 21, 0).getTime();
const minute = (n: number): number => NINE + n * 60_000;

const arrived = (n: number): Call => testCall({ id: `upl_${n}`, startedAt: minute(n), endedAt: minute(n) });
const failed = (n: number): Call =>
  testCall({
    id: `upl_${n}`,
    state: 'failed',
    startedAt: minute(n),
    endedAt: minute(n),
    attempts: [1, 2, 3, 4].map((attempt) => testAttempt({ attempt, status: 503 })),
  });
const say = (
  uploads: readonly Call[],
  totals: { ok: number; failed: number; retries?: number },
  firing = false,
) =>
  verdict({
    uploads,
    totals: { retries: 0, ...totals },
    firingSince: firing ? minute(5) : null,
  });

it('says that uploads arrive, with how many', () => {
  expect(say([arrived(1)], { ok: 312, failed: 0 })).toEqual({
    tone: 'good',
    words: 'Uploads arrive: 312 of 312 in the last hour',
    more: '',
  });
  expect(say([arrived(1)], { ok: 312, failed: 0, retries: 9 }).more).toBe('9\u00a0retries on the way');
});

it('says since when uploads fail, why, and how often each was tried again', () => {
  const { tone, words, more } = say([failed(6), failed(5), failed(4), arrived(3)], { ok: 300, failed: 3 });
  expect(tone).toBe('failed');
  expect(words).toBe(`Uploads fail since ${clock(minute(4))}: upstream unavailable (503)`);
  expect(more).toBe('3\u00a0retries each; 300 of 303 arrived in the last hour');
});

it('does not take one failure for the end of the world, unless an alert fires', () => {
  const calls = [failed(4), arrived(3)];
  expect(say(calls, { ok: 9, failed: 1 }).words).toMatch(/^The last upload failed at 21:04: upstream unav/);
  expect(say(calls, { ok: 9, failed: 1 }, true).words).toMatch(/^Uploads fail since 21:04/);
});

it('says that they arrive again, and what the failures were', () => {
  const { tone, words, more } = say([arrived(6), failed(5)], { ok: 300, failed: 12 });
  expect([tone, words]).toEqual(['good', 'Uploads arrive again: 300 of 312 in the last hour']);
  expect(more).toBe('12\u00a0failures; the last that failed, at 21:05: upstream unavailable (503)');
});

it('says that some fail while an alert still fires', () => {
  expect(say([arrived(6), failed(5)], { ok: 80, failed: 20 }, true)).toMatchObject({
    tone: 'attention',
    words: 'Some uploads fail since 21:05: 80 of 100 arrived in the last hour',
  });
});

it('a caller who went away says nothing about uploads', () => {
  const gone = testCall({ id: 'upl_9', state: 'aborted', startedAt: minute(9), endedAt: minute(9) });
  expect(say([gone, arrived(3)], { ok: 1, failed: 0 }).tone).toBe('good');
  expect(say([gone], { ok: 0, failed: 0 })).toMatchObject({
    tone: 'idle',
    words: 'No uploads in the last hour',
  });
});

import { expect, test } from 'vitest';
import { MINUTE_MS, tallyMinutes } from '../history/minute.ts';
import { endedCall } from '../history/testing.ts';
import { seriesView, stepFor } from './series.ts';

test('a chart has at most 240 points, whatever it spans', () => {
  expect([1, 60, 240, 241, 1_440, 20_160].map((minutes) => stepFor(minutes) / MINUTE_MS)).toEqual([
    1, 1, 1, 2, 10, 120,
  ]);
});

test('a series has the figures of each minute, the whole, and the changes of settings as marks', () => {
  const calls = [
    endedCall({ id: 'upl_1', at: 60_000 }),
    endedCall({ id: 'upl_2', at: 61_000, outcome: 'failed', errorTypes: ['503', '503'] }),
    endedCall({ id: 'upl_3', at: 120_000 }),
  ];
  const revision = (id: number, at: number) => ({
    id,
    at: new Date(at),
    who: 'admin',
    why: 'pooled is faster',
    changes: [{ key: 'upload.reuse_session', from: false, to: true, configured: false }],
    overrides: {},
  });
  const view = seriesView({
    from: 60_000,
    to: 180_000,
    minutes: tallyMinutes(calls),
    revisions: [revision(2, 100_000), revision(1, 10_000)],
    source: 'database',
  });
  expect(view).toMatchObject({
    step_s: 60,
    totals: { ok: 2, failed: 1, retries: 1 },
    points: [
      { at: 60_000, ok: 1, failed: 1, success_rate: 0.5, average_retries: 0.5 },
      { at: 120_000, ok: 1, failed: 0, success_rate: 1, average_retries: 0 },
    ],
    marks: [{ at: 100_000, revision: 2, who: 'admin', keys: ['upload.reuse_session'] }],
  });
});

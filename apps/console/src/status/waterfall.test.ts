import { expect, it } from 'vitest';
import { testAttempt, testCall } from './testing.ts';
import { waterfall } from './waterfall.ts';

it('attempts stand on one scale of time, each pause before its attempt', () => {
  const call = testCall({
    startedAt: 1_000,
    attempts: [
      testAttempt({ attempt: 1, startedAt: 1_000, durationMs: 200, phaseMs: { connect: 50, request: 150 } }),
      testAttempt({ attempt: 2, startedAt: 1_700, delayMs: 500, durationMs: 300, phaseMs: { request: 300 } }),
    ],
  });
  expect(waterfall(call)).toMatchObject({
    wholeMs: 1_000,
    rows: [
      {
        bars: [
          { kind: 'connect', from: 0, width: 0.05 },
          { kind: 'request', from: 0.05, width: 0.15 },
        ],
      },
      {
        bars: [
          { kind: 'pause', from: 0.2, width: 0.5 },
          { kind: 'request', from: 0.7, width: 0.3 },
        ],
      },
    ],
  });
});

it('no bar leaves the picture, whatever the clocks say', () => {
  const call = testCall({
    startedAt: 0,
    attempts: [testAttempt({ durationMs: 10, phaseMs: { request: 500 } })],
  });
  const bars = waterfall(call).rows.flatMap((row) => row.bars);
  for (const { from, width } of bars) expect(from + width).toBeLessThanOrEqual(1);
});

it('a call that has not been tried yet has no rows', () => {
  expect(waterfall(testCall({ attempts: [] }))).toEqual({ wholeMs: 1, rows: [] });
});

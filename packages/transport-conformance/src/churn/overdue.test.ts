import { expect, test } from 'vitest';
import { overdue, SLACK_MS, type Spent } from './overdue.ts';
import { Stalls } from './stalls.ts';

const LIMITS = { connectMs: 8_000, headersMs: 150, idleMs: 8_000, totalMs: 10_000 };

const CASES: readonly (readonly [string, Spent, string | undefined])[] = [
  ['that ends in time', { elapsedMs: 200, stalledMs: 0, phaseMs: { connect: 10, headers: 150 } }, undefined],
  [
    'that could not end, since nothing could be done for a while',
    { elapsedMs: 5_000, stalledMs: 1_900, phaseMs: { headers: 5_000 } },
    undefined,
  ],
  ['that a busy machine holds up', { elapsedMs: 10_000 + SLACK_MS, stalledMs: 0, phaseMs: {} }, undefined],
  [
    'whose answer nobody waited for in time',
    { elapsedMs: 9_900, stalledMs: 0, phaseMs: { headers: 9_800 } },
    'it took 9800 ms where headersMs allows 150',
  ],
  [
    'that waits for a place and a connection too long',
    { elapsedMs: 11_500, stalledMs: 0, phaseMs: { acquire: 6_000, connect: 5_500 } },
    'it took 11500 ms where connectMs allows 8000',
  ],
  [
    'that never ends, and says nothing of where',
    { elapsedMs: 14_000, stalledMs: 0, phaseMs: {} },
    'it took 14000 ms where totalMs allows 10000',
  ],
];

test('a process that is kept busy has lost that time', () => {
  using stalls = new Stalls();
  const before = stalls.lostMs;
  const until = performance.now() + 100;
  while (performance.now() < until);
  expect(stalls.lostMs - before).toBeGreaterThan(50);
});

test.each(CASES)('a send %s', (_which, spent, finding) => {
  expect(overdue(spent, LIMITS)).toBe(finding);
});

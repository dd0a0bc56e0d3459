import { expect, test } from 'vitest';
import { overdue, SLACK_MS, type Spent } from './overdue.ts';

const LIMITS = { connectMs: 8_000, headersMs: 150, idleMs: 8_000, totalMs: 10_000 };

const CASES: readonly (readonly [string, Spent, string | undefined])[] = [
  ['that ends in time', { elapsedMs: 200, phaseMs: { connect: 10, headers: 150 } }, undefined],
  ['that a busy machine holds up', { elapsedMs: 10_000 + SLACK_MS, phaseMs: {} }, undefined],
  [
    'whose answer nobody waited for in time',
    { elapsedMs: 9_900, phaseMs: { headers: 9_800 } },
    'it took 9800 ms where headersMs allows 150',
  ],
  [
    'that waits for a place and a connection too long',
    { elapsedMs: 11_500, phaseMs: { acquire: 6_000, connect: 5_500 } },
    'it took 11500 ms where connectMs allows 8000',
  ],
  [
    'that never ends, and says nothing of where',
    { elapsedMs: 14_000, phaseMs: {} },
    'it took 14000 ms where totalMs allows 10000',
  ],
];

test.each(CASES)('a send %s', (_which, spent, finding) => {
  expect(overdue(spent, LIMITS)).toBe(finding);
});

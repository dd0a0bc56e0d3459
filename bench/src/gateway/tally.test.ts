import { expect, test } from 'vitest';
import { Tally } from './tally.ts';

const order = {
  to: 'direct',
  origin: '',
  caPem: '',
  imagePath: '',
  atOnce: 1,
  warmUpMs: 0,
  measureMs: 0,
  minRequests: 3,
  maxMs: 60_000,
} as const;

test('what warms up is forgotten, and failures count as requests', () => {
  let measuring = 0;
  const tally = new Tally(order, () => {
    measuring += 1;
  });
  expect(tally.add(500)).toBe(false);
  expect(measuring).toBe(1);
  expect([tally.add(1), tally.add(undefined), tally.add(2)]).toEqual([false, false, true]);
  expect([tally.latenciesMs, tally.failures, measuring]).toEqual([[1, 2], 1, 1]);
});

test('a load that is late ends, whatever it has', () => {
  const tally = new Tally({ ...order, maxMs: 0, warmUpMs: 60_000 }, () => undefined);
  expect(tally.add(undefined)).toBe(true);
});

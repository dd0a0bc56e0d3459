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

test('what began in the warm-up has no latency, and failures count as requests', () => {
  let measuring = 0;
  const tally = new Tally(order, () => {
    measuring += 1;
  });
  expect(tally.add(500)).toBe(false);
  expect(measuring).toBe(1);
  expect([tally.add(0), tally.add(undefined), tally.add(500), tally.add(0)]).toEqual([
    false,
    false,
    false,
    true,
  ]);
  expect([tally.latenciesMs, tally.answered, tally.failures, measuring]).toEqual([[0, 0], 3, 1, 1]);
});

test('a load that is late ends, whatever it has', () => {
  const tally = new Tally({ ...order, maxMs: 0, warmUpMs: 60_000 }, () => undefined);
  expect(tally.add(undefined)).toBe(true);
});

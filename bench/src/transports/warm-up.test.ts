import { expect, test } from 'vitest';
import { LARGE_TOGETHER, SMALL_ALONE } from './cell.ts';
import { promisedWarmUps, totalMs } from './warm-up.ts';

const WARM_UP = { alone: 10, together: 4, large: 2 };

test('one small body at a time is warmed up with as many of itself as V8 needs', () => {
  expect(promisedWarmUps(SMALL_ALONE, WARM_UP)).toEqual([{ ms: 10, bodyBytes: 100_000 }]);
});

test('large bodies follow as many small ones, since they would be too few themselves', () => {
  const warmUps = promisedWarmUps(LARGE_TOGETHER, WARM_UP);
  expect(warmUps).toEqual([
    { ms: 4, bodyBytes: 100_000 },
    { ms: 2, bodyBytes: 1_000_000 },
  ]);
  expect(totalMs(warmUps)).toBe(6);
});

test('what is smaller than a small body is warmed up with itself', () => {
  const smaller = { bodyBytes: 20_000, atOnce: 8 };
  expect(promisedWarmUps(smaller, WARM_UP)).toEqual([{ ms: 4, bodyBytes: 20_000 }]);
});

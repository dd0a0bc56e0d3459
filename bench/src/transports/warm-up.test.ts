import { expect, test } from 'vitest';
import { LARGE_TOGETHER, SMALL_ALONE } from './cell.ts';
import { totalMs, warmUpsIn } from './warm-up.ts';

const PLAN = { promisedWarmUpMs: { alone: 10, together: 4, large: 2 }, warmUpMs: 1 };

test('one small body at a time is warmed up with as many of itself as V8 needs', () => {
  expect(warmUpsIn(SMALL_ALONE, PLAN)).toEqual({
    promised: [{ ms: 10, bodyBytes: 100_000 }],
    others: [{ ms: 1, bodyBytes: 100_000 }],
  });
});

test('large bodies follow as many small ones, since they would be too few themselves', () => {
  const { promised, others } = warmUpsIn(LARGE_TOGETHER, PLAN);
  expect(promised).toEqual([
    { ms: 4, bodyBytes: 100_000 },
    { ms: 2, bodyBytes: 1_000_000 },
  ]);
  expect(others).toEqual([{ ms: 1, bodyBytes: 1_000_000 }]);
  expect(totalMs(promised)).toBe(6);
});

test('what is smaller than a small body is warmed up with itself', () => {
  expect(warmUpsIn({ bodyBytes: 20_000, atOnce: 8 }, PLAN).promised).toEqual([{ ms: 4, bodyBytes: 20_000 }]);
});

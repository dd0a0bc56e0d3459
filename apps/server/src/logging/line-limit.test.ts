import { FakeClock } from '@ferry/core/testing';
import { expect, test } from 'vitest';
import { LineLimit } from './line-limit.ts';

test('beyond so many lines in a period there are none, and the next one says how many were left out', () => {
  const clock = new FakeClock();
  const limit = new LineLimit({ lines: 2, periodMs: 60_000, clock });
  expect([limit.take(), limit.take(), limit.take(), limit.take()]).toEqual([0, 0, undefined, undefined]);
  clock.advance(59_999);
  expect(limit.take()).toBeUndefined();
  clock.advance(1);
  expect([limit.take(), limit.take(), limit.take()]).toEqual([3, 0, undefined]);
});

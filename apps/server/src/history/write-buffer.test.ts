import { expect, test } from 'vitest';
import { WriteBuffer } from './write-buffer.ts';

test('what does not fit is given up, the oldest first, and counted', () => {
  const buffer = new WriteBuffer<number>(3);
  for (let n = 1; n <= 5; n += 1) buffer.add(n);
  expect([buffer.waiting, buffer.dropped]).toEqual([3, 2]);
  expect(buffer.take(10)).toEqual([3, 4, 5]);
});

test('what could not be written comes back before what has come meanwhile, as far as it fits', () => {
  const buffer = new WriteBuffer<number>(3);
  for (let n = 1; n <= 3; n += 1) buffer.add(n);
  const taken = buffer.take(2);
  buffer.add(4);
  buffer.putBack(taken);
  expect(buffer.dropped).toBe(1);
  expect(buffer.take(10)).toEqual([2, 3, 4]);
});

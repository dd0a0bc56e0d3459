import { expect, test } from 'vitest';
import { formatSpread, spread } from './statistics.ts';

test('a figure is given as its median with the least and the most beside it', () => {
  expect(spread([4, 1, 2])).toEqual({ median: 2, min: 1, max: 4 });
  expect(formatSpread(spread([1, 2, 4]), 1)).toBe('2.0 (1.0–4.0)');
});

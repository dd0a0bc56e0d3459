import { expect, test } from 'vitest';
import { formatSpread, ratio, spread } from './statistics.ts';

test('a figure is given as its median with the least and the most beside it', () => {
  expect(spread([4, 1, 2])).toEqual({ median: 2, min: 1, max: 4 });
  expect(formatSpread(spread([1, 2, 4]), 1)).toBe('2.0 (1.0–4.0)');
});

test('a ratio compares within each round, so that a slow machine in one round does not count', () => {
  // The second round ran at half the speed for both.
  expect(ratio([200, 100, 200], [100, 50, 100])).toEqual({ median: 2, min: 2, max: 2 });
});

test('a ratio to something that was not measured is not a number', () => {
  expect(ratio([1], []).median).toBeNaN();
});

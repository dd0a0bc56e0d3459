import { expect, test } from 'vitest';
import { distributionOf, latencyFigures, QUANTILES, quantile, sortedCopy } from './quantiles.ts';

test('a quantile is a value that was seen: the nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
  expect([0, 0.5, 0.9, 0.99, 1].map((share) => quantile(hundred, share))).toEqual([1, 50, 90, 99, 100]);
  expect(quantile([1, 2, 3], 0.99)).toBe(3);
  expect(quantile([], 0.5)).toBeNaN();
});

test('a distribution has a value for each share, in order, and none is made up of nothing', () => {
  const distribution = distributionOf([30, 10, 20]) ?? [];
  expect(distribution).toHaveLength(QUANTILES.length);
  expect([distribution[0], distribution.at(-1)]).toEqual([10, 30]);
  expect(distribution).toEqual(sortedCopy(distribution));
  expect(distributionOf([])).toBeUndefined();
});

test('a 99th percentile is told of a hundred requests, not of fewer', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
  expect(latencyFigures(hundred)).toEqual({ p50Ms: 50, p90Ms: 90, p99Ms: 99 });
  expect(latencyFigures(hundred.slice(1))).toEqual({ p50Ms: 51, p90Ms: 91 });
  expect(latencyFigures([])).toEqual({});
});

import { expect, test } from 'vitest';
import { LARGE_TOGETHER, SMALL_ALONE } from './cell.ts';
import type { Measured } from './job.ts';
import { describePromise, judge, PROMISES } from './promises.ts';

/** A round that moved so many megabytes in a second with so much CPU a gigabyte. */
function round(megabytes: number, cpuSecondsPerGigabyte = 1): Measured {
  return {
    uploads: megabytes,
    bytes: megabytes * 1_000_000,
    ms: 1_000,
    cpuMs: megabytes * cpuSecondsPerGigabyte,
    peakRssBytes: 0,
    latenciesMs: [],
  };
}

test('a promise of speed is reached when the median of the rounds is', () => {
  const rounds = {
    'undici-pooled': [round(90), round(95), round(10)],
    'raw-h2': [round(100), round(100), round(100)],
  };
  const [verdict, ...others] = judge([{ cell: LARGE_TOGETHER, rounds }]);
  expect(others).toEqual([]);
  expect(verdict).toMatchObject({ measured: { median: 0.9, min: 0.1, max: 0.95 }, reached: true });
});

test('a promise of speed is not reached just below, and one of CPU not just above', () => {
  const rounds = { 'undici-pooled': [round(99, 1.1)], 'undici-agent': [round(100, 1)] };
  expect(judge([{ cell: SMALL_ALONE, rounds }]).map((v) => [v.promise.figure, v.reached])).toEqual([
    ['MB/s', false],
    ['CPU s/GB', false],
  ]);
});

test('what was not measured is not judged', () => {
  expect(judge([{ cell: LARGE_TOGETHER, rounds: { 'undici-pooled': [round(1)] } }])).toEqual([]);
  expect(judge([])).toEqual([]);
});

test('a promise reads as a sentence', () => {
  expect(PROMISES.map(describePromise)).toContain('1 MB x 8: MB/s at least 0.9 x node:http2, one session');
  expect(PROMISES.map(describePromise)).toContain(
    '100 kB x 1: MB/s at least 0.8 x node:http2, one session (aim)',
  );
});

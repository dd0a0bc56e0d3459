import { expect, test } from 'vitest';
import { describeBar, verdictOf } from './named-row.ts';

const atMost50 = { kind: 'at most', value: 50, unit: 'ms' } as const;

test('a row is judged by the median of its rounds, and the bar itself passes', () => {
  expect(verdictOf({ bar: atMost50, measured: [10, 50, 900] })).toBe('pass');
  expect(verdictOf({ bar: atMost50, measured: [10, 51, 900] })).toBe('short');
  expect(verdictOf({ bar: { kind: 'at least', value: 0.9, unit: 'x' }, measured: [0.1, 0.9] })).toBe('short');
});

test('a figure that could not be formed does not pass', () => {
  expect(verdictOf({ bar: atMost50, measured: [Number.NaN] })).toBe('short');
});

test('a bar reads as words', () => {
  expect(describeBar(atMost50)).toBe('at most 50 ms');
});

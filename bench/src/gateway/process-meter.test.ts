import { expect, test } from 'vitest';
import { parseCpuSeconds } from './process-meter.ts';

test('a process’s time is read past a name with spaces and brackets', () => {
  const stat = '77 (a) b (c)) S 1 77 77 0 -1 4194560 1000 0 2 0 150 50 0 0 20 0 11 0 100 200 300';
  expect(parseCpuSeconds(stat)).toBe(2);
});

test('what is no such line is no time', () => {
  expect(parseCpuSeconds('')).toBeUndefined();
});

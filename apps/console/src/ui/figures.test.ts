import { expect, it } from 'vitest';
import { formatBytes, formatCount, formatDuration } from './figures.ts';

const plain = (text: string) => text.replaceAll('\u00a0', ' ');

it('bytes read as the limits of the gateway are written', () => {
  const sizes = [0, 999, 1000, 33_932, 1_023_000, 1_024_000, 1_258_292, 20 * 1024 * 1024, 250 * 1024 * 1024];
  expect(sizes.map((size) => plain(formatBytes(size)))).toEqual([
    '0 B',
    '999 B',
    '1 kB',
    '33 kB',
    '999 kB',
    '1.0 MB',
    '1.2 MB',
    '20.0 MB',
    '250 MB',
  ]);
});

it('durations change their unit where a person would', () => {
  const times = [0, 86.4, 994, 995, 1840, 59_900, 59_960, 125_000];
  expect(times.map((time) => plain(formatDuration(time)))).toEqual([
    '0 ms',
    '86 ms',
    '994 ms',
    '1.0 s',
    '1.8 s',
    '59.9 s',
    '1 min 00 s',
    '2 min 05 s',
  ]);
});

it('one is singular and everything else is plural', () => {
  expect([0, 1, 2].map((n) => plain(formatCount(n, 'retry', 'retries')))).toEqual([
    '0 retries',
    '1 retry',
    '2 retries',
  ]);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { retryAfterMs } from './retry-after.ts';

const NOW = Date.UTC(2026, 10, 23, 17, 0, 0);
const WEEK_MS = 7 * 24 * 3_600_000;

const read = (value: string) => retryAfterMs({ 'retry-after': value }, NOW);

test.each([
  ['0', 0],
  ['7', 7_000],
  [' 7 ', 7_000],
  ['1.5', 1_500],
  ['120', 120_000],
])('seconds: %s', (value, ms) => {
  expect(read(value)).toBe(ms);
});

test.each([
  ['Mon, 23 Nov 2026 17:00:30 GMT', 30_000],
  ['Monday, 23-Nov-26 17:00:30 GMT', 30_000],
  ['Mon Nov 23 17:00:30 2026', 30_000],
  ['Mon, 23 Nov 2026 16:00:00 GMT', 0],
])('a date in any of the three forms of HTTP: %s', (value, ms) => {
  expect(read(value)).toBe(ms);
});

test('a date is measured against the clock of the upstream when it tells the time', () => {
  const headers = { 'retry-after': 'Mon, 23 Nov 2026 20:00:05 GMT', date: 'Mon, 23 Nov 2026 20:00:00 GMT' };
  expect(retryAfterMs(headers, NOW)).toBe(5_000);
});

test.each(['99999999999', '1'.repeat(400), 'Fri, 01 Jan 2999 00:00:00 GMT'])(
  'an absurd wait is no more than a week: %s',
  (value) => {
    expect(read(value)).toBe(WEEK_MS);
  },
);

test.each([
  '',
  '-5',
  'soon',
  '5, 10',
  '1e3',
  'NaN',
  'Infinity',
  '0x10',
  'Mon, 99 Foo 2026 17:00:30 GMT',
  '2027-01-01T00:00:00Z',
])('what is malformed is ignored: %s', (value) => {
  expect(read(value)).toBeUndefined();
});

test('milliseconds are more exact and come first', () => {
  expect(retryAfterMs({ 'retry-after-ms': '250', 'retry-after': '1' }, NOW)).toBe(250);
});

test('malformed milliseconds leave the seconds to decide', () => {
  expect(retryAfterMs({ 'retry-after-ms': 'many', 'retry-after': '1' }, NOW)).toBe(1_000);
});

test('an answer that does not say gives nothing', () => {
  expect(retryAfterMs({}, NOW)).toBeUndefined();
});

test('whatever the header holds, the wait is nothing or between now and a week', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (value, ms) => {
      const wait = retryAfterMs({ 'retry-after': value, 'retry-after-ms': ms }, NOW);
      if (wait === undefined) return;
      expect(wait).toBeGreaterThanOrEqual(0);
      expect(wait).toBeLessThanOrEqual(WEEK_MS);
    }),
  );
});

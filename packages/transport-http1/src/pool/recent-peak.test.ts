import { expect, test } from 'vitest';
import { RecentPeak } from './recent-peak.ts';

test('the peak is kept for its window and then follows the present', () => {
  const peak = new RecentPeak(1_000);
  expect(peak.note(1, 0)).toBe(1);
  expect(peak.note(5, 100)).toBe(5);
  expect(peak.note(2, 900)).toBe(5);
  expect(peak.note(2, 1_100)).toBe(5);
  expect(peak.note(2, 1_101)).toBe(2);
  expect(peak.note(3, 1_102)).toBe(3);
});

import { expect, it } from 'vitest';
import { RecentPeak } from './recent-peak.ts';

it('remembers the most of the last window', () => {
  const peak = new RecentPeak(100);
  peak.note(3, 0);
  peak.note(1, 50);
  expect(peak.at(99)).toBe(3);
});

it('still knows the window before, and then forgets it', () => {
  const peak = new RecentPeak(100);
  peak.note(3, 0);
  peak.note(1, 120);
  expect(peak.at(150)).toBe(3);
  expect(peak.at(220)).toBe(1);
});

it('forgets everything after a long quiet time', () => {
  const peak = new RecentPeak(100);
  peak.note(3, 0);
  expect(peak.at(1_000)).toBe(0);
});

import { expect, test } from 'vitest';
import { Remaining } from './remaining.ts';

const steps = [{ seconds: 60 }, { seconds: 60 }, { seconds: 20 }];

test('before the first step has ended, what remains is what the steps expect', () => {
  expect(new Remaining(steps).after(0, 0)).toBe('about 2 min left');
});

test('a machine that took twice as long so far will take twice as long for the rest', () => {
  expect(new Remaining(steps).after(1, 120_000)).toBe('about 3 min left');
  expect(new Remaining(steps).after(2, 240_000)).toBe('about 40 s left');
});

import { expect, test } from 'vitest';
import { growth } from './growth.ts';

test('what is learnt once is no growth', () => {
  expect(growth([10, 30, 31, 31, 31, 31, 31, 31]).grown).toBe(0);
});

test("a moment's garbage is no growth", () => {
  expect(growth([30, 30, 45, 30, 30, 30, 60, 30]).grown).toBeLessThanOrEqual(0);
});

test('what is kept for every send is', () => {
  expect(growth([10, 20, 30, 40, 50, 60, 70, 80])).toEqual({ first: 10, most: 80, last: 80, grown: 30 });
});

test('a run of one round says nothing about growth', () => {
  expect(growth([10, 80]).grown).toBe(0);
});

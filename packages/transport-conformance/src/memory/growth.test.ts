import { Chance } from '@ferry/core/testing';
import { expect, test } from 'vitest';
import { growth, slope } from './growth.ts';

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

/** Samples of 300 rounds: what is learnt in the first, a moment's garbage that nobody can foretell, and what each round keeps. */
function rounds(keptEach: number): number[] {
  const chance = new Chance(7);
  return Array.from(
    { length: 300 },
    (_, i) => 30_000_000 + 5_000_000 * (1 - Math.exp(-i / 20)) + chance.between(0, 2_000_000) + i * keptEach,
  );
}

test('a few hundred bytes kept for every send are a slope, and garbage is none', () => {
  const sends = 60;
  expect(slope(rounds(0)) / sends).toBeLessThan(50);
  expect(slope(rounds(300 * sends)) / sends).toBeGreaterThan(250);
});

test('a sample or two have no slope to speak of', () => {
  expect(slope([])).toBe(0);
  expect(slope([10])).toBe(0);
});

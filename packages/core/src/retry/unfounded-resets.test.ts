import { expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { UnfoundedResets } from './unfounded-resets.ts';

const HOUR_MS = 3_600_000;

test('an origin that was wrong about a request is remembered for an hour, and no other one', () => {
  const clock = new FakeClock();
  const resets = new UnfoundedResets(clock);
  expect(resets.of('https://a.test')).toBe(false);
  resets.note('https://a.test');
  clock.advance(HOUR_MS - 1);
  expect(resets.of('https://a.test')).toBe(true);
  expect(resets.of('https://b.test')).toBe(false);
  clock.advance(1);
  expect(resets.of('https://a.test')).toBe(false);
});

test('an origin that was wrong again is remembered from then on', () => {
  const clock = new FakeClock();
  const resets = new UnfoundedResets(clock);
  resets.note('https://a.test');
  clock.advance(HOUR_MS - 1);
  resets.note('https://a.test');
  clock.advance(HOUR_MS - 1);
  expect(resets.of('https://a.test')).toBe(true);
});

test('a client of a great many origins remembers the latest thousand', () => {
  const resets = new UnfoundedResets(new FakeClock());
  for (let number = 0; number <= 1_000; number += 1) resets.note(`https://${number}.test`);
  expect(resets.of('https://0.test')).toBe(false);
  expect(resets.of('https://1.test')).toBe(true);
  expect(resets.of('https://1000.test')).toBe(true);
});

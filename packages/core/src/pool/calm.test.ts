import { expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { Calm } from './calm.ts';

const HOUR_MS = 3_600_000;

it('a peer that asks for calm again and again is asked half as often each time, down to a limit', () => {
  const calm = new Calm(new FakeClock());
  const factors = Array.from({ length: 8 }, () => {
    calm.ask();
    return calm.factor;
  });
  expect(factors).toEqual([2, 4, 8, 16, 32, 64, 64, 64]);
});

it('a peer that has not complained for an hour is asked as often as others, by whichever clock saw the hour', () => {
  const clock = new FakeClock();
  const calm = new Calm(clock);
  calm.ask();
  clock.advance(HOUR_MS - 1);
  expect(calm.factor).toBe(2);
  clock.suspend(1);
  expect(calm.factor).toBe(1);
  calm.ask();
  expect(calm.factor).toBe(2);
});

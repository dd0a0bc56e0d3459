import { expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { Alarm } from './alarm.ts';

function ringing(clock: FakeClock) {
  const rung: number[] = [];
  return { rung, alarm: new Alarm(clock, () => rung.push(clock.now())) };
}

it('rings once, at the earliest moment it was set to', () => {
  const clock = new FakeClock();
  const { alarm, rung } = ringing(clock);
  alarm.within(500);
  alarm.within(100);
  alarm.within(300);
  expect(clock.pending).toBe(1);
  clock.advance(1_000);
  expect(rung).toEqual([100]);
});

it('may be set again by whoever hears it', () => {
  const clock = new FakeClock();
  const rung: number[] = [];
  const alarm: Alarm = new Alarm(clock, () => {
    rung.push(clock.now());
    if (rung.length < 3) alarm.within(10);
  });
  alarm.within(10);
  clock.advance(100);
  expect([rung, clock.pending]).toEqual([[10, 20, 30], 0]);
});

it('asks nothing of the clock for what never comes, and looks in between for what comes in a year', () => {
  const clock = new FakeClock();
  const { alarm, rung } = ringing(clock);
  alarm.within(Number.POSITIVE_INFINITY);
  expect(clock.pending).toBe(0);
  alarm.within(365 * 24 * 3_600_000);
  clock.advance(2 ** 31);
  expect(rung).toHaveLength(1);
});

it('leaves no timer when it is cancelled', () => {
  const clock = new FakeClock();
  const { alarm } = ringing(clock);
  alarm.within(10);
  alarm.cancel();
  expect(clock.pending).toBe(0);
});

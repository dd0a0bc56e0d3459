import { expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { PhaseTimes } from './phase-times.ts';

it('adds up what each phase took, the running one included, and names no phase that never was', () => {
  const clock = new FakeClock(1_000);
  const times = new PhaseTimes(clock);
  expect([times.phase, times.startedAt]).toEqual(['acquire', clock.now()]);
  clock.advance(5);
  times.enter('request');
  expect(times.read()).toEqual({ acquire: 5, request: 0 });
  clock.advance(20);
  times.enter('headers');
  clock.advance(3);
  expect(times.read()).toEqual({ acquire: 5, request: 20, headers: 3 });
  clock.advance(4);
  expect(times.read()).toEqual({ acquire: 5, request: 20, headers: 7 });
});

it('a phase that is entered again goes on, and one that is entered twice in a row has never stopped', () => {
  const clock = new FakeClock();
  const times = new PhaseTimes(clock);
  times.enter('connect');
  clock.advance(10);
  times.enter('connect');
  clock.advance(10);
  times.enter('acquire');
  clock.advance(1);
  times.enter('connect');
  clock.advance(2);
  expect(times.read()).toEqual({ acquire: 1, connect: 22 });
});

it('ended, it counts no more, and enters nothing', () => {
  const clock = new FakeClock();
  const times = new PhaseTimes(clock);
  times.enter('body');
  clock.advance(7);
  times.end();
  clock.advance(100);
  times.enter('request');
  times.end();
  expect([times.phase, times.read()]).toEqual(['body', { acquire: 0, body: 7 }]);
});

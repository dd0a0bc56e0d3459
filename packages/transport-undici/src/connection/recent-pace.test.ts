import { FakeClock } from '@ferry/core/testing';
import { expect, it } from 'vitest';
import { RecentPace } from './recent-pace.ts';

it('a new connection knows nothing of its pace', () => {
  expect(new RecentPace(new FakeClock()).tookMs).toBeUndefined();
});

it('the latest piece counts, whichever body it was of', () => {
  const pace = new RecentPace(new FakeClock());
  pace.note(3);
  pace.note(700);
  expect(pace.tookMs).toBe(700);
});

it('a pace of more than a second ago is forgotten', () => {
  const clock = new FakeClock();
  const pace = new RecentPace(clock);
  pace.note(3);
  clock.advance(1_000);
  expect(pace.tookMs).toBe(3);
  clock.advance(1);
  expect(pace.tookMs).toBeUndefined();
});

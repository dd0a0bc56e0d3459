import { FakeClock } from '@ferry/core/testing';
import { expect, it } from 'vitest';
import { RecentPace } from './recent-pace.ts';

const KIB = 1024;

/** A pace, and a piece that was taken after some time. */
function road() {
  const clock = new FakeClock();
  const pace = new RecentPace();
  return {
    clock,
    latest: () => pace.latest(clock.now()),
    take(bytes: number, tookMs: number): void {
      const handedAt = clock.now();
      clock.advance(tookMs);
      pace.note(bytes, handedAt, clock.now());
    },
  };
}

it('a new connection knows nothing of its pace', () => {
  expect(road().latest()).toBeUndefined();
});

it('the latest piece counts, whichever body it was of', () => {
  const { latest, take } = road();
  take(64 * KIB, 3);
  take(256 * KIB, 700);
  expect(latest()).toEqual({ bytes: 256 * KIB, tookMs: 700 });
});

it.each([
  {
    what: 'a short piece that was as quick, since it says less',
    pieces: [
      [256 * KIB, 40],
      [100, 1],
    ],
    counts: 0,
  },
  {
    what: 'a short piece that was slow',
    pieces: [
      [256 * KIB, 40],
      [100, 251],
    ],
    counts: 1,
  },
  {
    what: 'a short piece that was quick again',
    pieces: [
      [256 * KIB, 251],
      [64 * KIB, 250],
    ],
    counts: 1,
  },
  {
    what: 'a longer piece that was as quick',
    pieces: [
      [64 * KIB, 1],
      [256 * KIB, 250],
    ],
    counts: 1,
  },
] as const)('behind another comes $what', ({ pieces, counts }) => {
  const { latest, take } = road();
  for (const [bytes, tookMs] of pieces) take(bytes, tookMs);
  const [bytes, tookMs] = pieces[counts];
  expect(latest()).toEqual({ bytes, tookMs });
});

it('a pace of more than a second ago is forgotten', () => {
  const { clock, latest, take } = road();
  take(64 * KIB, 3);
  clock.advance(1_000);
  expect(latest()).toEqual({ bytes: 64 * KIB, tookMs: 3 });
  clock.advance(1);
  expect(latest()).toBeUndefined();
  take(100, 1);
  expect(latest()).toEqual({ bytes: 100, tookMs: 1 });
});

it('a piece that says nothing new keeps what is known', () => {
  const { clock, latest, take } = road();
  take(64 * KIB, 3);
  clock.advance(600);
  take(100, 1);
  clock.advance(600);
  expect(latest()).toEqual({ bytes: 64 * KIB, tookMs: 3 });
});

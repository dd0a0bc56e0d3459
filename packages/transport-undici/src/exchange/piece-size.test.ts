import { expect, test } from 'vitest';
import { pieceBytes } from './piece-size.ts';

/** Sizes in KiB, from memory and from slices. */
test.each([
  {
    riders: 1,
    latest: undefined,
    kib: [512, 256],
    because: 'the window of a connection of its own shows every byte',
  },
  { riders: 1, latest: [512, 250], kib: [512, 256], because: 'the road is fast, and nobody shares it' },
  { riders: 1, latest: [1, 0], kib: [512, 256], because: 'a short body says nothing of long ones' },
  {
    riders: 2,
    latest: undefined,
    kib: [64, 64],
    because: 'the pace of a shared connection is not known yet',
  },
  { riders: 2, latest: [1, 1], kib: [64, 64], because: 'a short body says no more than nothing' },
  {
    riders: 4,
    latest: [64, 3],
    kib: [256, 256],
    because: 'buffers may have taken the first piece, so that the next is no leap',
  },
  { riders: 4, latest: [256, 20], kib: [1_024, 256], because: 'the road is fast' },
  { riders: 4, latest: [256, 20], rtt: 2.1, kib: [1_024, 256], because: 'far away the road must not rest' },
  { riders: 4, latest: [256, 20], rtt: 2, kib: [512, 256], because: 'near by there is no rest to speak of' },
  { riders: 4, latest: [64, 3], rtt: 0.1, kib: [256, 256], because: 'a near road may be slow, too' },
  {
    riders: 8,
    latest: [1_024, 0],
    rtt: 0.1,
    kib: [128, 256],
    because: 'near by many share what one has far away',
  },
  { riders: 4, latest: [1_024, 250], kib: [1_024, 256], because: 'it stays fast' },
  { riders: 4, latest: [1_024, 500], kib: [512, 256], because: 'so much is taken in a quarter of a second' },
  {
    riders: 4,
    latest: [64, 1_000],
    kib: [16, 16],
    because: 'on a slow road progress must be seen in small steps',
  },
  { riders: 4, latest: [16, 5_000], kib: [16, 16], because: 'frames are no smaller' },
  { riders: 1, latest: [512, 2_000], kib: [64, 64], because: 'others may come to share the slow road' },
  {
    riders: 8,
    latest: [1_024, 0],
    kib: [128, 256],
    because: 'more of them share what one had, but slices stay whole',
  },
  {
    riders: 16,
    latest: [1_024, 0],
    kib: [64, 256],
    because: 'sixteen such pieces fit into the memory of a session',
  },
  { riders: 33, latest: [1_024, 0], kib: [32, 32], because: 'many at once must fit as well' },
  { riders: 100, latest: undefined, kib: [32, 32], because: 'many at once must fit from the start' },
  { riders: 100, latest: [16, 5_000], kib: [16, 16], because: 'slow roads come first' },
] as const)(
  '$kib KiB at $riders on the connection after $latest: $because',
  ({ riders, latest, kib, ...rest }) => {
    const taken = latest && { bytes: latest[0] * 1024, tookMs: latest[1] };
    const roundTripMs = 'rtt' in rest ? rest.rtt : undefined;
    const sizes = (['memory', 'slices'] as const).map((form) => pieceBytes(form, riders, taken, roundTripMs));
    expect(sizes).toEqual(kib.map((size) => size * 1024));
  },
);

test.each(['memory', 'slices'] as const)(
  'a hundred from %s that come one after another, with as much as each may have, fit into the memory of a session',
  (form) => {
    const fast = { bytes: 1024 * 1024, tookMs: 0 };
    const queued = Array.from({ length: 100 }, (_, others) => pieceBytes(form, others + 1, fast, undefined));
    const sessionMemory = 10_000_000;
    expect(queued.reduce((sum, bytes) => sum + bytes)).toBeLessThan(0.85 * sessionMemory);
  },
);

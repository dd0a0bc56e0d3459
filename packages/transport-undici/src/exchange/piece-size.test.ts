import { expect, test } from 'vitest';
import { pieceBytes } from './piece-size.ts';

const KIB = 1024;

test.each([
  {
    riders: 1,
    tookMs: undefined,
    kib: [512, 256],
    because: 'the window of a connection of its own shows every byte',
  },
  { riders: 1, tookMs: 250, kib: [512, 256], because: 'the road is fast, and nobody shares it' },
  {
    riders: 2,
    tookMs: undefined,
    kib: [64, 64],
    because: 'the pace of a shared connection is not known yet',
  },
  { riders: 4, tookMs: 250, kib: [208, 256], because: 'the road is fast' },
  { riders: 4, tookMs: 251, kib: [64, 64], because: 'the road is not that fast' },
  { riders: 4, tookMs: 1_000, kib: [64, 64], because: 'it is not slow either' },
  { riders: 4, tookMs: 1_001, kib: [16, 16], because: 'on a slow road progress must be seen in small steps' },
  { riders: 1, tookMs: 1_001, kib: [16, 16], because: 'others may come to share the slow road' },
  { riders: 16, tookMs: 0, kib: [208, 256], because: 'sixteen such pieces fit into the memory of a session' },
  { riders: 17, tookMs: 0, kib: [64, 64], because: 'many at once must fit as well' },
  { riders: 100, tookMs: undefined, kib: [64, 64], because: 'many at once must fit from the start' },
  { riders: 100, tookMs: 5_000, kib: [16, 16], because: 'slow roads come first' },
])(
  '$kib KiB from memory and from slices at $riders on the connection after $tookMs ms: $because',
  ({ riders, tookMs, kib }) => {
    const sizes = [pieceBytes('memory', riders, tookMs), pieceBytes('slices', riders, tookMs)];
    expect(sizes).toEqual(kib.map((size) => size * KIB));
  },
);

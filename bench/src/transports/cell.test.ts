import { expect, test } from 'vitest';
import {
  CELLS,
  cellName,
  cpuSecondsPerGigabyte,
  megabytesPerSecond,
  parseCell,
  ratioInRound,
} from './cell.ts';
import type { Cost, Measured } from './job.ts';

test('every cell can be asked for in the words it is shown in', () => {
  expect(CELLS.map(cellName)).toEqual([
    '100 kB x 1',
    '100 kB x 8',
    '1 MB x 1',
    '1 MB x 8',
    '10 MB x 1',
    '10 MB x 8',
  ]);
  for (const cell of CELLS) {
    const asked = cellName(cell).replace(' x ', ':').replace(' ', '');
    expect(parseCell(asked)).toEqual(cell);
  }
});

test.each(['', '1MB', '1MB:0', '0kB:1', '1GB:1', '1MB:8 ', '1MB:65', '101MB:1'])(
  '%j is not a cell',
  (text) => {
    expect(parseCell(text)).toBeUndefined();
  },
);

test('a million bytes in half a second are 2 MB/s, and 3 ms of CPU for them 3 s a GB', () => {
  expect(megabytesPerSecond({ bytes: 1_000_000, ms: 500 })).toBe(2);
  expect(cpuSecondsPerGigabyte({ bytes: 1_000_000, cpuMs: 3 })).toBe(3);
});

/** A megabyte in so much time, in each of the turns; whole, the sum of them. */
function round(...times: number[]): Measured {
  const turns = times.map((ms): Cost => ({ bytes: 1_000_000, ms, cpuMs: ms }));
  const ms = times.reduce((sum, each) => sum + each, 0);
  return {
    uploads: 1,
    bytes: times.length * 1_000_000,
    ms,
    cpuMs: ms,
    peakRssBytes: 0,
    latenciesMs: [],
    turns,
  };
}

test('who is disturbed in one turn of several is compared by the others', () => {
  const [mine, other] = [round(10, 1_000, 12), round(20, 20, 24)];
  expect(ratioInRound(mine, other, cpuSecondsPerGigabyte)).toBe(0.5);
  expect(ratioInRound(mine, other, megabytesPerSecond)).toBe(2);
});

test('turns in which a neighbour slows both are no worse than others', () => {
  expect(ratioInRound(round(10, 500, 30), round(20, 1_000, 60), megabytesPerSecond)).toBe(2);
});

test('who had no turns is compared as a whole', () => {
  const { turns, ...whole } = round(10, 30);
  expect(turns).toHaveLength(2);
  expect(ratioInRound(round(20, 20, 20), whole, megabytesPerSecond)).toBe(1);
});

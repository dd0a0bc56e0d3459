import { expect, test } from 'vitest';
import { CELLS, cellName, cpuSecondsPerGigabyte, megabytesPerSecond, parseCell } from './cell.ts';

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

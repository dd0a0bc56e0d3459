import { expect, test } from 'vitest';
import { markdownTable, median } from './report.ts';

test('the median of an odd number of rounds is the middle one, of an even number between the two', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([9, 1, 5, 7])).toBe(6);
  expect(median([])).toBeNaN();
});

test('a table lines up its figures on the right', () => {
  expect(markdownTable(['variant', 'ratio'], [['fresh', '1.00']])).toBe(
    '| variant | ratio |\n| ------- | ----: |\n| fresh   |  1.00 |\n',
  );
});

import { expect, test } from 'vitest';
import { entityTag, parseDryRun, parseIfMatch, parsePage } from './precondition.ts';

test.each([
  [undefined, undefined],
  ['*', undefined],
  [entityTag(12), 12],
  [' "0" ', 0],
  // As a proxy that compresses makes of it.
  ['W/"3"', 3],
])('if-match %j asks for revision %j', (header, revision) => {
  expect(parseIfMatch(header)).toBe(revision);
});

test.each(['', '3', '"x"', '"1", "2"', '"-1"', '"99999999999"'])('if-match %j is malformed', (header) => {
  expect(() => parseIfMatch(header)).toThrow(/^if-match: expected/);
});

test('a dry run is asked for by true, and by nothing else', () => {
  expect([undefined, 'false', 'true'].map(parseDryRun)).toEqual([false, false, true]);
  for (const text of ['', '1', 'TRUE']) expect(() => parseDryRun(text)).toThrow(/^dry_run: expected/);
});

test('a page has bounds', () => {
  expect(parsePage(undefined, undefined)).toEqual({ before: undefined, limit: 20 });
  expect(parsePage('7', '100')).toEqual({ before: 7, limit: 100 });
  for (const [before, limit] of [['x'], [undefined, '0'], [undefined, '101'], [undefined, '2.5']]) {
    expect(() => parsePage(before, limit)).toThrow(/^(before|limit): expected/);
  }
});

import { expect, test } from 'vitest';
import { someMeasurement, someResults } from '../testing/results.ts';
import { formatResults, parseResults } from './results.ts';

test('results are read as they were written: fractions to six digits, whole numbers whole', () => {
  const results = someResults({ measurements: [someMeasurement('got', [100 / 3])] });
  const [measurement] = parseResults(formatResults(results)).measurements;
  expect(measurement?.rounds).toEqual([{ megabytesPerSecond: 33.3333 }]);
  const whole = someResults({ seconds: 1_048_576 });
  expect(parseResults(formatResults(whole))).toEqual(whole);
});

test('rounds and clients that failed are read as they were written', () => {
  const results = someResults({
    measurements: [{ ...someMeasurement('got', []), rounds: [{}, { failures: 0 }] }],
    failures: [{ part: 'transports', what: '1 MB x 8: got, round 1', message: 'got ended (SIGKILL)' }],
  });
  expect(parseResults(formatResults(results))).toEqual(results);
});

test('results of the first runs, which named no failures, are read', () => {
  const { parts: _, failures: __, ...old } = someResults();
  expect(parseResults(JSON.stringify(old))).toMatchObject({ parts: [], failures: [] });
});

test.each([
  ['text', 'hello', 'not JSON'],
  ['another file', '{"name":"ferry"}', 'not results of this bench'],
  [
    'an unknown figure',
    formatResults(someResults()).replace(
      /"measurements": \[\s*\]/,
      '"measurements": [{"part":"fire","setting":{"bodyBytes":1,"atOnce":1},"variant":"a","label":"a","rounds":[{"speed":1}]}]',
    ),
    'measurements[0].rounds[0].speed',
  ],
])('%s is refused', (_, text, message) => {
  expect(() => parseResults(text)).toThrow(message);
});

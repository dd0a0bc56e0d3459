import { expect, test } from 'vitest';
import type { NamedRow } from '../results/named-row.ts';
import { someMeasurement, someResults } from '../testing/results.ts';
import { compareMeasurements, judgeChange } from './compare.ts';
import { compareReport } from './report.ts';

const calm = [100, 101, 99];

test('a change is beyond the noise when it is larger than two runs of the same would differ by', () => {
  expect(judgeChange(calm, [120, 121, 119], 'higher').beyond).toBe('better');
  expect(judgeChange(calm, [120, 121, 119], 'lower').beyond).toBe('worse');
  expect(judgeChange(calm, [80, 81, 79], 'higher').beyond).toBe('worse');
  expect(judgeChange(calm, [120, 160, 70], 'higher').beyond).toBeUndefined();
  expect(judgeChange(calm, [120, 121, 119], undefined).beyond).toBe('changed');
});

test('however calm the rounds were, a change of a few per cent says nothing', () => {
  expect(judgeChange([100, 100], [104, 104], 'higher').beyond).toBeUndefined();
  expect(judgeChange([100, 100], [106, 106], 'higher').beyond).toBe('better');
});

test('a single round is believed only when the change is large', () => {
  expect(judgeChange([100], [125], 'higher').beyond).toBeUndefined();
  expect(judgeChange([100], [200], 'higher').beyond).toBe('better');
});

test('failures that appear where there were none are beyond any noise', () => {
  expect(judgeChange([0, 0], [3, 4], 'lower')).toMatchObject({ beyond: 'worse' });
  expect(judgeChange([0, 0], [0, 0], 'lower')).toMatchObject({ change: 0, beyond: undefined });
});

test('of two rounds the spread is hardly known: what three would tell apart, two do not', () => {
  expect(judgeChange([98, 102], [108, 112], 'higher').beyond).toBeUndefined();
  expect(judgeChange([98, 100, 102], [108, 110, 112], 'higher').beyond).toBe('better');
  expect(judgeChange([98, 102], [128, 132], 'higher').beyond).toBe('better');
});

test('differences of times are told in milliseconds, however near to zero they are', () => {
  expect(judgeChange([-2, -2.2, -1.8], [-4, -4.1, -3.9], 'lower', 'ms')).toMatchObject({
    change: -2,
    beyond: undefined,
  });
  expect(judgeChange([0.1, 0.2, 0.1], [12, 12.5, 12], 'lower', 'ms').beyond).toBe('worse');
  expect(judgeChange([12, 12.5, 12], [-3, -3, -3], 'lower', 'ms')).toMatchObject({
    change: -15,
    beyond: 'better',
  });
  // One round of a hundred may be anything within 25.
  expect(judgeChange([100], [120], 'lower', 'ms').beyond).toBeUndefined();
  const overhead = (ms: number) => ({
    ...someMeasurement('auto', []),
    rounds: [ms, ms].map((overheadMs) => ({ overheadMs })),
  });
  const runs = [overhead(-2), overhead(-4)].map((each) => someResults({ measurements: [each] }));
  expect(compareMeasurements(runs[0] ?? someResults(), runs[1] ?? someResults())).toMatchObject([
    { metric: 'overheadMs', unit: 'ms', change: -2, beyond: undefined },
  ]);
});

test('a slower machine changes nothing: speeds are compared as ratios to node:http2 in the same round', () => {
  const fast = someResults({
    measurements: [someMeasurement('raw-h2', [1000, 1000]), someMeasurement('undici-pooled', [900, 900])],
  });
  const slow = someResults({
    measurements: [someMeasurement('raw-h2', [100, 50]), someMeasurement('undici-pooled', [90, 45])],
  });
  const [change, ...others] = compareMeasurements(fast, slow);
  expect(others).toEqual([]);
  expect(change).toMatchObject({ before: 0.9, after: 0.9, beyond: undefined });
});

test('without the same base in both runs, figures are compared as they are', () => {
  const withBase = someResults({
    measurements: [someMeasurement('undici-pooled', [90, 90]), someMeasurement('raw-h2', [100, 100])],
  });
  const without = someResults({ measurements: [someMeasurement('undici-pooled', [95, 95])] });
  expect(compareMeasurements(withBase, without)).toMatchObject([{ before: 90, after: 95, base: undefined }]);
});

test('what only one of the runs measured is not compared', () => {
  const one = someResults({ measurements: [someMeasurement('got', calm)] });
  expect(compareMeasurements(one, someResults())).toEqual([]);
});

const row: NamedRow = {
  id: 'cut-through',
  promise: 'soon there',
  bar: { kind: 'at most', value: 50, unit: 'ms' },
  aim: false,
  measured: [20, 21],
  note: '',
};

test('the page says what a row was, is, and what else differs', () => {
  const before = someResults({ rows: [row] });
  const after = someResults({
    rows: [{ ...row, measured: [70, 71] }],
    machine: { ...before.machine, cpu: 'Another CPU', load: [7, 7] },
  });
  const page = compareReport(before, after);
  expect(page).toMatch(/soon there \| at most 50 ms \| +20\.5 pass \| 70\.5 short \| worse \(\+50\.0 ms\)/);
  expect(page).toContain('- CPU: Some CPU, then Another CPU');
  expect(page).toContain('the second run began on a busy machine (load 7)');
  expect(page).toContain('Nothing.');
  expect(page).toContain('- before: commit abc, 2026-01-02 03:04 UTC, quick\n');
  const other = someResults({ rows: [{ ...row, id: 'new', promise: 'a new one' }] });
  expect(compareReport(before, other)).toContain('- only before: soon there\n- only after: a new one\n');
});

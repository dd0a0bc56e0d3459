import { expect, it } from 'vitest';
import { columnsOf, FIGURES, figureView, limitsOf, percent, rangeOf } from './figure.ts';
import type { Alert, Figures, Series } from './status-api.ts';

const [success, , , latency] = FIGURES;
if (success === undefined || latency === undefined) throw new Error('four figures');

const figures: Figures = {
  uploads: 10,
  success_rate: 0.992,
  average_retries: 0.5,
  http2_error_rate: null,
  latency_p50_s: 0.041,
  latency_p99_s: 1.8,
};
const alert = (one: Partial<Alert>): Alert => ({
  name: 'FerryUploadsFailing',
  severity: 'warning',
  summary: 'Uploads fail.',
  state: 'inactive',
  since: null,
  measure: 'success-rate',
  bad: 'below',
  threshold: 0.95,
  min_uploads: 10,
  ...one,
});
const critical = alert({ severity: 'critical', threshold: 0.9 });

it('shares are never called whole when they are not', () => {
  expect([1, 0, 0.95, 0.992, 0.99999].map(percent)).toEqual([
    '100\u00a0%',
    '0\u00a0%',
    '95\u00a0%',
    '99.2\u00a0%',
    '99.9\u00a0%',
  ]);
});

it('a figure shows its worst alert in words', () => {
  expect(figureView(success, figures, [alert({}), critical])).toEqual({
    value: '99.2\u00a0%',
    beside: '',
    state: 'inactive',
    words: 'Warns below 95\u00a0%',
  });
  expect(figureView(success, figures, [alert({ state: 'firing' }), critical])).toMatchObject({
    state: 'firing',
    words: 'Alert: below 95\u00a0%',
  });
});

it('what was not measured is a dash, and the slowest stand beside the median', () => {
  const [, , errors] = FIGURES;
  expect(errors && figureView(errors, figures, []).value).toBe('–');
  expect(figureView(latency, figures, [])).toMatchObject({ value: '41\u00a0ms', beside: 'P99 1.8\u00a0s' });
});

it('a minute without uploads is a gap in the line, not a zero', () => {
  const point = { ...figures, ok: 1, failed: 0 };
  const series: Series = {
    from: 60_000,
    to: 240_000,
    step_s: 60,
    points: [
      { ...point, at: 60_000 },
      { ...point, at: 180_000, success_rate: 0.5 },
    ],
    totals: { ok: 2, failed: 0, retries: 0 },
    marks: [],
    source: 'database',
  };
  expect(columnsOf(success, series)).toEqual([
    [60, 120, 180, 240],
    [0.992, null, 0.5, null],
  ]);
});

it('the axis has room for the values and beyond the thresholds', () => {
  const limits = limitsOf(success, [alert({}), critical]);
  const [low, high] = rangeOf([[0], [1]], limits);
  expect(low).toBeLessThan(0.9);
  expect(low).toBeGreaterThan(0.8);
  expect(high).toBeGreaterThanOrEqual(1);
  expect(rangeOf([[0], [0]], limits)[0]).toBe(0);
  const slow = [{ threshold: 3, bad: 'above' }] as const;
  expect(rangeOf([[0], [12]], slow)[1]).toBeGreaterThan(12);
  expect(rangeOf([[0], [null]], slow)[1]).toBeGreaterThan(3);
});

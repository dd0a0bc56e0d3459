/** The four figures: value, threshold and alert in words, and their lines over time. Pure. */
import { formatDuration } from '../ui/figures.ts';
import type { Alert, AlertState, Figures, Measure, Series, SeriesPoint } from './status-api.ts';

const NBSP = '\u00a0';

type Key = Exclude<keyof Figures, 'uploads'>;

interface Line {
  readonly key: Key;
  readonly measure: Measure;
  readonly name: string;
}

export interface FigureKind {
  readonly name: string;
  /** The first one is the large figure. */
  readonly lines: readonly [Line, ...Line[]];
  format(value: number): string;
}

export const FIGURES: readonly FigureKind[] = [
  {
    name: 'Uploads that arrive',
    lines: [{ key: 'success_rate', measure: 'success-rate', name: 'arrive' }],
    format: percent,
  },
  {
    name: 'Retries an upload',
    lines: [{ key: 'average_retries', measure: 'average-retries', name: 'retries' }],
    format: (value) => String(Math.round(value * 100) / 100),
  },
  {
    name: 'HTTP/2 errors',
    lines: [{ key: 'http2_error_rate', measure: 'http2-error-rate', name: 'errors' }],
    format: percent,
  },
  {
    name: 'Median time of an upload',
    lines: [
      { key: 'latency_p50_s', measure: 'latency-p50', name: 'P50' },
      { key: 'latency_p99_s', measure: 'latency-p99', name: 'P99' },
    ],
    format: (seconds) => formatDuration(seconds * 1_000),
  },
];

/** `100 %`, `99.2 %`; never 100 for what is not whole. */
export function percent(share: number): string {
  const value = share * 100;
  const digits = Number.isInteger(value) ? 0 : 1;
  const rounded = share < 1 ? Math.min(value, 99.9) : value;
  return `${rounded.toFixed(digits)}${NBSP}%`;
}

/** A boundary of a figure: what lies beyond it is bad. */
export interface Limit {
  readonly threshold: number;
  readonly bad: Alert['bad'];
}

export interface FigureView {
  readonly value: string;
  /** Further figures of the same kind, such as `P99 1.8 s`. */
  readonly beside: string;
  readonly state: AlertState;
  /** The alert in words. */
  readonly words: string;
}

const ORDER: readonly AlertState[] = ['firing', 'pending', 'resolved', 'inactive'];

export function figureView(kind: FigureKind, figures: Figures, alerts: readonly Alert[]): FigureView {
  const [first, ...others] = kind.lines;
  const value = figures[first.key];
  const shown = (key: Key): string => {
    const measured = figures[key];
    return measured === null ? '–' : kind.format(measured);
  };
  const own = alertsOf(kind, alerts);
  const worst = own.toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state))[0];
  return {
    value: value === null ? '–' : kind.format(value),
    beside: others.map(({ key, name }) => `${name} ${shown(key)}`).join(' '),
    state: worst?.state ?? 'inactive',
    words: alertWords(kind, own, worst),
  };
}

const alertsOf = ({ lines }: FigureKind, alerts: readonly Alert[]): Alert[] =>
  alerts.filter(({ measure }) => lines.some((line) => line.measure === measure));

function alertWords(kind: FigureKind, own: readonly Alert[], worst: Alert | undefined): string {
  const limits = own
    .filter(({ severity }) => severity === 'warning')
    .map(({ threshold }) => kind.format(threshold))
    .join(' and ');
  const limit = `${own[0]?.bad ?? 'above'} ${limits}`;
  switch (worst?.state) {
    case 'firing':
      return `Alert: ${limit}`;
    case 'pending':
      return `Alert pending: ${limit}`;
    case 'resolved':
      return `Alert resolved; warns ${limit}`;
    case 'inactive':
      return `Warns ${limit}`;
    default:
      return '';
  }
}

/** The thresholds to be drawn: the first line's, and each severity's. */
export function limitsOf(kind: FigureKind, alerts: readonly Alert[]): Limit[] {
  const [first] = kind.lines;
  return alerts
    .filter(({ measure }) => measure === first.measure)
    .map(({ threshold, bad }) => ({ threshold, bad }));
}

/** Columns as uPlot takes them: seconds, then a line each; null where nothing was measured. */
export type Columns = [number[], ...(number | null)[][]];

export function columnsOf({ lines }: FigureKind, { from, to, step_s, points }: Series): Columns {
  const known = new Map<number, SeriesPoint>(points.map((point) => [point.at, point]));
  const stepMs = step_s * 1_000;
  const first = Math.floor(from / stepMs) * stepMs;
  // Up to the end of the last step: what was changed just now has its place, too.
  const times = Array.from({ length: Math.ceil((to - first) / stepMs) + 1 }, (_, i) => first + i * stepMs);
  return [
    times.map((at) => at / 1_000),
    ...lines.map(({ key }) => times.map((at) => known.get(at)?.[key] ?? null)),
  ];
}

/** What the axis spans: the values, and enough beyond the thresholds for them to be seen. */
export function rangeOf(columns: Columns, limits: readonly Limit[]): [number, number] {
  const values = columns
    .slice(1)
    .flat()
    .filter((value) => value !== null);
  if (limits[0]?.bad === 'below') {
    const lowest = Math.min(1, ...values, ...limits.map(({ threshold }) => threshold));
    return [Math.max(0, lowest - (1 - lowest) * 0.25 - 0.01), 1.004];
  }
  const highest = Math.max(...limits.map(({ threshold }) => threshold), ...values, 0);
  return [0, highest * 1.25 || 1];
}

import { median } from '../report.ts';
import {
  isMetric,
  keyOf,
  METRICS,
  type Measurement,
  type Metric,
  ratiosOf,
  valuesOf,
} from '../results/measurement.ts';
import type { Results } from '../results/results.ts';

type Direction = 'better' | 'worse' | 'changed';

export type ChangeUnit = 'share' | 'ms';

/** A figure that both runs have. */
export interface Change {
  readonly key: string;
  readonly metric: Metric;
  /** The client whose figure of the same round this one is divided by; undefined for a figure as it is. */
  readonly base: string | undefined;
  /** Medians; ratios to the base where there is one. */
  readonly before: number;
  readonly after: number;
  /** `share`: changes are told as shares of what was before. `ms`: of a difference of two times, which may be near zero or below, as it is. */
  readonly unit: ChangeUnit;
  /** After over before, minus one; for `ms` after minus before. */
  readonly change: number;
  /** By how much two runs of the same differ in nineteen of twenty cases, as their rounds stray: what a change must exceed. */
  readonly noise: number;
  /** Undefined within the noise. */
  readonly beyond: Direction | undefined;
}

/** A change below this is never told apart from a machine's moods, however calm the rounds were. */
const FLOOR: Readonly<Record<ChangeUnit, number>> = { share: 0.05, ms: 2 };
/** One round has no spread: it could be anything within this share of it. */
const UNKNOWN = 0.25;

/** Student's t for 95 %, two-sided, by degrees of freedom from 1 on: of two or three rounds the spread itself is hardly known. */
const T = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23] as const;
const T_OF_MANY = 2.2;

/** What figures are divided by, round by round, so that another machine, or a busier one, shows the same. */
const BASES: Readonly<Partial<Record<Measurement['part'], string>>> = {
  transports: 'raw-h2',
  gateway: 'direct',
};

/** Counts and sizes that need no base. */
const ABSOLUTE: ReadonlySet<Metric> = new Set([
  'overheadMs',
  'connectionsPerRequest',
  'clientPeakMegabytes',
  'gatewayPeakMegabytes',
  'gatewayCpuSecondsPerGigabyte',
  'requests',
  'failures',
  'successRate',
]);

/** All figures of the measurements that both runs have. */
export function compareMeasurements(before: Results, after: Results): Change[] {
  const others = new Map(after.measurements.map((each) => [keyOf(each), each]));
  return before.measurements.flatMap((each) => {
    const key = keyOf(each);
    const other = others.get(key);
    if (other === undefined) return [];
    return Object.keys(METRICS)
      .filter(isMetric)
      .flatMap((metric): Change[] => {
        if (metric === 'requests') return [];
        if (each.variant === baseOf(each, metric)) return [];
        const bases = [findBase(each, metric, before), findBase(other, metric, after)] as const;
        // As they are, unless both runs have what they would be divided by.
        const [one, two] = bases.includes(undefined) ? [] : bases;
        const values = [valuesBy(each, metric, one), valuesBy(other, metric, two)] as const;
        if (values.some(({ length }) => length === 0)) return [];
        const { better, difference } = METRICS[metric];
        const unit = difference ? 'ms' : 'share';
        return [{ key, metric, base: one?.label, ...judgeChange(values[0], values[1], better, unit) }];
      });
  });
}

/** Compares the rounds of one figure. */
export function judgeChange(
  before: readonly number[],
  after: readonly number[],
  better: 'higher' | 'lower' | undefined,
  unit: ChangeUnit = 'share',
): Omit<Change, 'key' | 'metric' | 'base'> {
  const [a, b] = [median(before), median(after)];
  const change = changeOf(a, b, unit);
  const noise = Math.max(FLOOR[unit], noiseOf(before, after, unit));
  const beyond = Math.abs(change) <= noise ? undefined : directionOf(change, better);
  return { before: a, after: b, unit, change, noise, beyond };
}

function changeOf(before: number, after: number, unit: ChangeUnit): number {
  if (before === after) return 0;
  return unit === 'ms' ? after - before : after / before - 1;
}

function directionOf(change: number, better: 'higher' | 'lower' | undefined): Direction {
  if (better === undefined) return 'changed';
  return change > 0 === (better === 'higher') ? 'better' : 'worse';
}

/** The standard error of the difference of both runs' means, times Student's t for as few rounds as there are. */
function noiseOf(before: readonly number[], after: readonly number[], unit: ChangeUnit): number {
  if (Math.min(before.length, after.length) < 2) {
    return unit === 'share' ? UNKNOWN : UNKNOWN * Math.max(...[...before, ...after].map(Math.abs));
  }
  const error = Math.hypot(
    ...[before, after].map((values) => strayOf(values, unit) / Math.sqrt(values.length)),
  );
  return error * (T[before.length + after.length - 3] ?? T_OF_MANY);
}

/** The standard deviation, as a share of the median or in milliseconds. */
function strayOf(values: readonly number[], unit: ChangeUnit): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  const middle = Math.abs(median(values));
  const by = unit === 'ms' ? 1 : middle;
  return by === 0 ? 0 : Math.sqrt(variance) / by;
}

function baseOf({ part }: Measurement, metric: Metric): string | undefined {
  return ABSOLUTE.has(metric) ? undefined : BASES[part];
}

/** The same load by the client that figures of this part are divided by. */
function findBase(
  measurement: Measurement,
  metric: Metric,
  { measurements }: Results,
): Measurement | undefined {
  const variant = baseOf(measurement, metric);
  if (variant === undefined) return undefined;
  const key = keyOf({ ...measurement, variant });
  return measurements.find((each) => keyOf(each) === key);
}

function valuesBy(
  measurement: Measurement,
  metric: Metric,
  base: Measurement | undefined,
): readonly number[] {
  return base === undefined ? valuesOf(measurement, metric) : ratiosOf(measurement, base, metric);
}

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

/** A figure that both runs have. */
export interface Change {
  readonly key: string;
  readonly metric: Metric;
  /** The client whose figure of the same round this one is divided by; undefined for a figure as it is. */
  readonly base: string | undefined;
  /** Medians; ratios to the base where there is one. */
  readonly before: number;
  readonly after: number;
  /** After over before, minus one. */
  readonly share: number;
  /** How far the rounds of both runs stray from their medians, as a share: what a change must exceed. */
  readonly noise: number;
  /** Undefined within the noise. */
  readonly beyond: Direction | undefined;
}

/** A change below this is never told apart from a machine's moods, however calm the rounds were. */
const FLOOR = 0.05;
/** One round has no spread: it could be anything within this. */
const UNKNOWN = 0.25;

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
        const { better } = METRICS[metric];
        return [{ key, metric, base: one?.label, ...judgeChange(values[0], values[1], better) }];
      });
  });
}

/** Compares the rounds of one figure. */
export function judgeChange(
  before: readonly number[],
  after: readonly number[],
  better: 'higher' | 'lower' | undefined,
): Omit<Change, 'key' | 'metric' | 'base'> {
  const [a, b] = [median(before), median(after)];
  const share = a === b ? 0 : b / a - 1;
  const noise = Math.max(FLOOR, Math.hypot(strayOf(before), strayOf(after)));
  const beyond = Math.abs(share) <= noise ? undefined : directionOf(share, better);
  return { before: a, after: b, share, noise, beyond };
}

function directionOf(share: number, better: 'higher' | 'lower' | undefined): Direction {
  if (better === undefined) return 'changed';
  return share > 0 === (better === 'higher') ? 'better' : 'worse';
}

/** The furthest that a round is from the median, as a share of it. */
function strayOf(values: readonly number[]): number {
  if (values.length < 2) return UNKNOWN;
  const middle = median(values);
  return middle === 0 ? 0 : Math.max(...values.map((value) => Math.abs(value / middle - 1)));
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

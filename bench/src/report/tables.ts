import { markdownTable, median } from '../report.ts';
import {
  describeSetting,
  METRICS,
  type Measurement,
  type Metric,
  type Part,
  quantileOf,
  ratiosOf,
  valuesOf,
} from '../results/measurement.ts';
import { formatSpread, spread } from '../transports/statistics.ts';
import type { VariantName } from '../transports/variants.ts';

const COLUMNS: Readonly<Record<Part, readonly Metric[]>> = {
  gateway: [
    'requests',
    'overheadMs',
    'p50Ms',
    'p90Ms',
    'p99Ms',
    'requestsPerSecond',
    'megabytesPerSecond',
    'connectionsPerRequest',
    'clientCpuSecondsPerGigabyte',
    'gatewayCpuSecondsPerGigabyte',
    'gatewayPeakMegabytes',
    'failures',
  ],
  transports: [
    'requests',
    'megabytesPerSecond',
    'p50Ms',
    'p99Ms',
    'clientCpuSecondsPerGigabyte',
    'clientPeakMegabytes',
  ],
  fire: ['requests', 'successRate', 'failures', 'p50Ms', 'p99Ms'],
};

const RATIO_OF: Metric = 'megabytesPerSecond';

const LIMITS: Readonly<Record<Part, readonly { readonly variant: VariantName; readonly label: string }[]>> = {
  gateway: [],
  transports: [
    { variant: 'raw-h2', label: 'of node:http2' },
    { variant: 'h2load', label: 'of h2load' },
  ],
  fire: [],
};

/** Those whose spread a reader needs; of the others the median is enough. */
const SPREAD: ReadonlySet<Metric> = new Set(['overheadMs', 'megabytesPerSecond']);

/** A table for each setting of a part, a row for each variant. */
export function partTables(part: Part, measurements: readonly Measurement[]): string {
  const bySetting = Map.groupBy(
    measurements.filter((each) => each.part === part),
    ({ setting }) => describeSetting(setting),
  );
  return [...bySetting]
    .map(([setting, each]) => `### ${upperFirst(setting)}\n\n${table(part, each)}`)
    .join('\n');
}

interface Column {
  readonly label: string;
  readonly cell: (measurement: Measurement) => string;
}

function table(part: Part, measurements: readonly Measurement[]): string {
  const columns = COLUMNS[part]
    .flatMap((metric) => [
      metricColumn(part, metric),
      ...(metric === RATIO_OF ? ratioColumns(part, measurements) : []),
    ])
    .filter(({ cell }) => measurements.some((each) => cell(each) !== ''));
  return markdownTable(
    ['', ...columns.map(({ label }) => label)],
    measurements.map((each) => [each.label, ...columns.map(({ cell }) => cell(each))]),
  );
}

function metricColumn(part: Part, metric: Metric): Column {
  const { label } = METRICS[metric];
  // An upload that was lost has no time: its caller may have waited for three seconds, or have been told at once.
  const ofArrived = part === 'fire' && (metric === 'p50Ms' || metric === 'p99Ms');
  return { label: ofArrived ? `${label} of the arrived` : label, cell: (each) => cell(each, metric) };
}

/** How close to the limit: beside what Node, and what C, can do in the same rounds. */
function ratioColumns(part: Part, measurements: readonly Measurement[]): Column[] {
  return LIMITS[part].flatMap(({ variant, label }): Column[] => {
    const limit = measurements.find((each) => each.variant === variant);
    if (limit === undefined) return [];
    return [
      {
        label,
        cell: (each) => {
          const ratios = ratiosOf(each, limit, RATIO_OF);
          return ratios.length === 0 ? '' : formatSpread(spread(ratios), 2);
        },
      },
    ];
  });
}

function cell(measurement: Measurement, metric: Metric): string {
  const { digits } = METRICS[metric];
  if (metric === 'p99Ms') return quantileOf(measurement, 0.99)?.toFixed(digits) ?? '';
  const values = valuesOf(measurement, metric);
  if (values.length === 0) return '';
  if (metric === 'successRate') return `${(median(values) * 100).toFixed(1)} %`;
  if (metric === 'failures' || metric === 'requests')
    return String(values.reduce((sum, value) => sum + value, 0));
  return SPREAD.has(metric) && values.length > 1
    ? formatSpread(spread(values), digits)
    : median(values).toFixed(digits);
}

function upperFirst(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

import { markdownTable, median } from '../report.ts';
import {
  describeSetting,
  METRICS,
  type Measurement,
  type Metric,
  type Part,
  valuesOf,
} from '../results/measurement.ts';
import { formatSpread, spread } from '../transports/statistics.ts';

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

function table(part: Part, measurements: readonly Measurement[]): string {
  const columns = COLUMNS[part].filter((metric) =>
    measurements.some((each) => valuesOf(each, metric).length > 0),
  );
  return markdownTable(
    ['', ...columns.map((metric) => METRICS[metric].label)],
    measurements.map((each) => [each.label, ...columns.map((metric) => cell(each, metric))]),
  );
}

function cell(measurement: Measurement, metric: Metric): string {
  const values = valuesOf(measurement, metric);
  if (values.length === 0) return '';
  const { digits } = METRICS[metric];
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

/** What was measured, as it is written to disk and read again. */
import { QUANTILES } from './quantiles.ts';

/**
 * Every figure that a round may have. `better` says which way is up; figures with none are told and never judged. A `difference` of two
 * times may be near zero or below it: nobody can say by how many per cent it changed.
 */
export const METRICS = {
  p50Ms: { label: 'p50 ms', better: 'lower', digits: 1, difference: false },
  p90Ms: { label: 'p90 ms', better: 'lower', digits: 1, difference: false },
  p99Ms: { label: 'p99 ms', better: 'lower', digits: 1, difference: false },
  overheadMs: { label: 'overhead ms', better: 'lower', digits: 1, difference: true },
  requestsPerSecond: { label: 'req/s', better: 'higher', digits: 1, difference: false },
  megabytesPerSecond: { label: 'MB/s', better: 'higher', digits: 1, difference: false },
  connectionsPerRequest: { label: 'connections a request', better: undefined, digits: 2, difference: false },
  clientCpuSecondsPerGigabyte: { label: 'client CPU s/GB', better: 'lower', digits: 2, difference: false },
  gatewayCpuSecondsPerGigabyte: { label: 'gateway CPU s/GB', better: 'lower', digits: 2, difference: false },
  clientPeakMegabytes: { label: 'client peak MB', better: 'lower', digits: 0, difference: false },
  gatewayPeakMegabytes: { label: 'gateway peak MB', better: 'lower', digits: 0, difference: false },
  requests: { label: 'requests', better: undefined, digits: 0, difference: false },
  failures: { label: 'failures', better: 'lower', digits: 0, difference: false },
  successRate: { label: 'arrived', better: 'higher', digits: 4, difference: false },
} as const satisfies Readonly<Record<string, MetricFacts>>;

interface MetricFacts {
  readonly label: string;
  readonly better: 'higher' | 'lower' | undefined;
  readonly digits: number;
  readonly difference: boolean;
}

export type Metric = keyof typeof METRICS;

export function isMetric(name: string): name is Metric {
  return Object.hasOwn(METRICS, name);
}

/** The figures of one run in one process. A figure that cannot be had on this machine is missing, not zero. */
export type Round = Readonly<Partial<Record<Metric, number>>>;

export type Part = 'gateway' | 'transports' | 'fire';

/** What the load was, as far as a part varies it. Sizes are bytes, times milliseconds. */
export interface Setting {
  readonly bodyBytes: number;
  readonly atOnce: number;
  readonly roundTripMs?: number;
  /** The server's HTTP/2 stream window. */
  readonly windowBytes?: number;
  /** Under fire: what goes wrong. */
  readonly trouble?: string;
}

/** One variant under one load, in all rounds; a round that failed is empty, so that the others stay in their places. */
export interface Measurement {
  readonly part: Part;
  readonly setting: Setting;
  readonly variant: string;
  readonly label: string;
  readonly rounds: readonly Round[];
  /** Milliseconds at each of `QUANTILES`, over the requests of all rounds together. */
  readonly distribution?: readonly number[];
}

/** `1 MB, 50 ms, window 64 KiB, 8 at once`. */
export function describeSetting({ bodyBytes, atOnce, roundTripMs, windowBytes, trouble }: Setting): string {
  return [
    ...(trouble === undefined ? [] : [trouble]),
    sizeName(bodyBytes),
    ...(roundTripMs === undefined ? [] : [`${roundTripMs} ms away`]),
    ...(windowBytes === undefined ? [] : [`window ${windowName(windowBytes)}`]),
    `${atOnce} at once`,
  ].join(', ');
}

/** `100 kB`, `10 MB`. */
export function sizeName(bytes: number): string {
  return bytes < 1_000_000 ? `${bytes / 1_000} kB` : `${bytes / 1_000_000} MB`;
}

export function windowName(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.round(bytes / 1024)} KiB` : `${Math.round(bytes / 1024 / 1024)} MB`;
}

/** All rounds' values of one figure; empty when it was not had. */
export function valuesOf({ rounds }: Pick<Measurement, 'rounds'>, metric: Metric): readonly number[] {
  return rounds.flatMap((round) => round[metric] ?? []);
}

/** A share's quantile over the requests of all rounds together; undefined where too few were answered to tell it from the slowest of all. */
export function quantileOf({ rounds, distribution }: Measurement, share: number): number | undefined {
  const answered = rounds.reduce((sum, { requests = 0, failures = 0 }) => sum + requests - failures, 0);
  return share > 0.5 && answered * (1 - share) < 1 - 1e-9
    ? undefined
    : distribution?.[QUANTILES.indexOf(share)];
}

/** One figure over the same figure of another measurement, for the rounds that both have. */
export function ratiosOf(
  measurement: Pick<Measurement, 'rounds'>,
  base: Pick<Measurement, 'rounds'>,
  metric: Metric,
): readonly number[] {
  return measurement.rounds.flatMap((round, i) => {
    const [value, by] = [round[metric], base.rounds[i]?.[metric]];
    return value === undefined || by === undefined ? [] : [value / by];
  });
}

/** What a measurement is found again by, in another run's results. */
export function keyOf({ part, setting, variant }: Measurement): string {
  return `${part}: ${describeSetting(setting)}: ${variant}`;
}

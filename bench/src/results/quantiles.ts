/** The shares of requests at which a distribution is kept: even in the middle, dense where it hurts. */
export const QUANTILES: readonly number[] = [
  0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 1,
];

/** The value below which a share of all values lies, by the nearest rank; NaN of none. */
export function quantile(sorted: readonly number[], share: number): number {
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}

/** Below so many values the 99th percentile is the largest of them, which says more about their number than about anything else. */
const P99_VALUES = 100;

/** What is told of latencies: nothing of none, and no p99 of fewer than a hundred. */
export function latencyFigures(latenciesMs: readonly number[]): {
  readonly p50Ms?: number;
  readonly p90Ms?: number;
  readonly p99Ms?: number;
} {
  if (latenciesMs.length === 0) return {};
  const sorted = sortedCopy(latenciesMs);
  return {
    p50Ms: quantile(sorted, 0.5),
    p90Ms: quantile(sorted, 0.9),
    ...(sorted.length >= P99_VALUES && { p99Ms: quantile(sorted, 0.99) }),
  };
}

export function sortedCopy(values: readonly number[]): readonly number[] {
  return values.toSorted((a, b) => a - b);
}

/** One value for each of `QUANTILES`; undefined of no values. */
export function distributionOf(values: readonly number[]): readonly number[] | undefined {
  if (values.length === 0) return undefined;
  const sorted = sortedCopy(values);
  return QUANTILES.map((share) => quantile(sorted, share));
}

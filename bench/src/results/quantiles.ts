/** The shares of requests at which a distribution is kept: even in the middle, dense where it hurts. */
export const QUANTILES: readonly number[] = [
  0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 1,
];

/**
 * The value below which a share of all values lies, by the nearest rank; NaN of none. With fewer than a hundred values the
 * 99th percentile is the largest one.
 */
export function quantile(sorted: readonly number[], share: number): number {
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
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

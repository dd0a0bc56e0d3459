/**
 * The quantile of a histogram as Prometheus' `histogram_quantile` estimates it: linear within a bucket, and the highest bound
 * for what lies beyond it. Undefined for an empty histogram.
 * @param q 0 to 1. @param bounds ascending. @param counts one more than the bounds, not cumulative.
 */
export function histogramQuantile(
  q: number,
  bounds: readonly number[],
  counts: readonly number[],
): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  const rank = q * total;
  let below = 0;
  let lower = 0;
  for (const [bucket, upper] of bounds.entries()) {
    const count = counts[bucket] ?? 0;
    if (count > 0 && below + count >= rank) return lower + (upper - lower) * ((rank - below) / count);
    below += count;
    lower = upper;
  }
  return bounds.at(-1);
}

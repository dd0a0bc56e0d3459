/**
 * Moves labels apart until none is nearer to the next than `gap`, and none leaves the space; each stays as near to where it belongs
 * as the order allows. Positions keep the order of `wanted`.
 */
export function spreadLabels(
  wanted: readonly number[],
  gap: number,
  from: number,
  to: number,
): readonly number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  const placed = new Array<number>(wanted.length).fill(0);
  let free = from;
  for (const i of order) {
    placed[i] = Math.max(free, wanted[i] ?? 0);
    free = (placed[i] ?? 0) + gap;
  }
  let limit = to;
  for (const i of order.toReversed()) {
    placed[i] = Math.min(limit, placed[i] ?? 0);
    limit = (placed[i] ?? 0) - gap;
  }
  return placed;
}

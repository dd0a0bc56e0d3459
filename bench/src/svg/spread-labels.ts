interface Cluster {
  /** Of the first label. */
  start: number;
  readonly wanted: number[];
}

/**
 * Moves labels apart until none is nearer to the next than `gap`, and none leaves the space while there is room for all. Labels that
 * want the same place spread around it evenly. Positions keep the order of `wanted`.
 */
export function spreadLabels(
  wanted: readonly number[],
  gap: number,
  from: number,
  to: number,
): readonly number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  const clusters: Cluster[] = [];
  for (const i of order) {
    let cluster = clusterOf([wanted[i] ?? 0], gap, from, to);
    for (let last = clusters.at(-1); last !== undefined && endOf(last, gap) + gap > cluster.start; ) {
      clusters.pop();
      cluster = clusterOf([...last.wanted, ...cluster.wanted], gap, from, to);
      last = clusters.at(-1);
    }
    clusters.push(cluster);
  }
  const sorted = clusters.flatMap(({ start, wanted: labels }) => labels.map((_, i) => start + i * gap));
  const placed = new Array<number>(wanted.length).fill(0);
  for (const [rank, i] of order.entries()) placed[i] = sorted[rank] ?? 0;
  return placed;
}

/** Labels side by side, as near to what they want as can be on average. */
function clusterOf(wanted: number[], gap: number, from: number, to: number): Cluster {
  const mean = wanted.reduce((sum, at) => sum + at, 0) / wanted.length;
  const length = (wanted.length - 1) * gap;
  return { wanted, start: Math.max(from, Math.min(to - length, mean - length / 2)) };
}

function endOf({ start, wanted }: Cluster, gap: number): number {
  return start + (wanted.length - 1) * gap;
}

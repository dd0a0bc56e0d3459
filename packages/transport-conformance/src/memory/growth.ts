/** What the samples of a run came to. Bytes. */
export interface Growth {
  readonly first: number;
  readonly most: number;
  readonly last: number;
  /** From what was held while the run was young to what is held at its end, at the least of either. */
  readonly grown: number;
}

/**
 * Holds the beginning of a run against its end: the most that was held in the first half against the least in the last
 * quarter. What a process learns once (compiled code, caches, tables) is in the first, and a moment's garbage is not in the
 * second: only what is kept for every send grows by this measure. Pure.
 */
export function growth(samples: readonly number[]): Growth {
  const half = samples.slice(0, Math.ceil(samples.length / 2));
  const end = samples.slice(Math.floor((samples.length * 3) / 4));
  return {
    first: samples[0] ?? 0,
    most: Math.max(0, ...samples),
    last: samples.at(-1) ?? 0,
    grown: samples.length < 4 ? 0 : Math.min(...end) - Math.max(...half),
  };
}

/**
 * What each sample holds more than the one before it, in bytes: the median slope between any two samples of the second half
 * (Theil and Sen). What a process learns once is over by then, and single samples with a moment's garbage in them count for
 * nothing. Pure.
 */
export function slope(samples: readonly number[]): number {
  const late = samples.slice(Math.floor(samples.length / 2));
  const slopes = late.flatMap((to, j) => late.slice(0, j).map((from, i) => (to - from) / (j - i)));
  slopes.sort((a, b) => a - b);
  return slopes[Math.floor(slopes.length / 2)] ?? 0;
}

/** For people: `12.3 MB`. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

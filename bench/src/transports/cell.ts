import { median } from '../report.ts';
import type { Cost, Measured } from './job.ts';
import type { VariantName } from './variants.ts';

/** One load: how large, and how many at once. */
export interface Cell {
  readonly bodyBytes: number;
  readonly atOnce: number;
}

export const CELLS: readonly Cell[] = [100_000, 1_000_000, 10_000_000].flatMap((bodyBytes) =>
  [1, 8].map((atOnce) => ({ bodyBytes, atOnce })),
);

export const SMALL_ALONE: Cell = { bodyBytes: 100_000, atOnce: 1 };
export const LARGE_TOGETHER: Cell = { bodyBytes: 1_000_000, atOnce: 8 };

/** `100 kB x 1`, `1 MB x 8`. */
export function cellName({ bodyBytes, atOnce }: Cell): string {
  const size = bodyBytes < 1_000_000 ? `${bodyBytes / 1_000} kB` : `${bodyBytes / 1_000_000} MB`;
  return `${size} x ${atOnce}`;
}

/** `100kB:1`, `1MB:8`; undefined for anything else. */
export function parseCell(text: string): Cell | undefined {
  const match = /^(\d+)(kB|MB):(\d+)$/.exec(text);
  if (match === null) return undefined;
  const bodyBytes = Number(match[1]) * (match[2] === 'kB' ? 1_000 : 1_000_000);
  const atOnce = Number(match[3]);
  return bodyBytes >= 1 && bodyBytes <= 100_000_000 && atOnce >= 1 && atOnce <= 64
    ? { bodyBytes, atOnce }
    : undefined;
}

/** What the rounds gave for one cell: a list for each variant, by round. What failed is undefined. */
export interface CellResult {
  readonly cell: Cell;
  readonly rounds: Readonly<Partial<Record<VariantName, readonly (Measured | undefined)[]>>>;
}

export function megabytesPerSecond({ bytes, ms }: Pick<Cost, 'bytes' | 'ms'>): number {
  return bytes / 1_000 / ms;
}

export function cpuSecondsPerGigabyte({ bytes, cpuMs }: Pick<Cost, 'bytes' | 'cpuMs'>): number {
  return (cpuMs / bytes) * 1_000_000;
}

/**
 * A figure of one client to that of another, of the same round. Where they took turns it is the median of those: what a neighbour of the
 * machine does to one turn is no more than one of many then, whatever it cost.
 */
export function ratioInRound(mine: Measured, other: Measured, figure: (cost: Cost) => number): number {
  const { turns = [mine] } = mine;
  const { turns: others = [other] } = other;
  if (turns.length !== others.length) return figure(mine) / figure(other);
  return median(turns.map((turn, at) => figure(turn) / figure(others[at] ?? other)));
}

import type { Bar, NamedRow } from '../results/named-row.ts';

/** A row that is no mere aim. @throws Error when a figure could not be formed: such a row would be neither pass nor short. */
export function promised(
  id: string,
  promise: string,
  bar: Bar,
  measured: readonly number[],
  note = '',
): NamedRow {
  if (measured.length === 0 || !measured.every(Number.isFinite)) {
    throw new Error(`no figure for "${promise}"`);
  }
  return { id, promise, bar, aim: false, measured, note };
}

export const atMost = (value: number, unit: string): Bar => ({ kind: 'at most', value, unit });
export const atLeast = (value: number, unit: string): Bar => ({ kind: 'at least', value, unit });

/** The values of one list over those of another, round by round. */
export function ratios(values: readonly number[], base: readonly number[]): number[] {
  return values.slice(0, base.length).map((value, round) => value / (base[round] ?? Number.NaN));
}

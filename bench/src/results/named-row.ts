import { median } from '../report.ts';

/** A limit with its unit, such as at most 50 ms; `x` for a ratio. */
export interface Bar {
  readonly kind: 'at most' | 'at least';
  readonly value: number;
  readonly unit: string;
}

/** Something the design promised, and what was measured. */
export interface NamedRow {
  /** Short and lasting: what a row is found again by. */
  readonly id: string;
  readonly promise: string;
  readonly bar: Bar;
  /** Wanted, not promised. */
  readonly aim: boolean;
  /** By round. */
  readonly measured: readonly number[];
  /** What else a reader needs, such as the two figures behind a ratio; may be empty. */
  readonly note: string;
}

export type Verdict = 'pass' | 'short';

/** Judged by the median. */
export function verdictOf({ bar, measured }: Pick<NamedRow, 'bar' | 'measured'>): Verdict {
  const middle = median(measured);
  const held = bar.kind === 'at most' ? middle <= bar.value : middle >= bar.value;
  return held ? 'pass' : 'short';
}

/** `at most 50 ms`, `at least 0.9 x`. */
export function describeBar({ kind, value, unit }: Bar): string {
  return `${kind} ${value} ${unit}`;
}

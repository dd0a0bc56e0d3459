import {
  CELLS,
  type Cell,
  type CellResult,
  cellName,
  cpuSecondsPerGigabyte,
  LARGE_TOGETHER,
  megabytesPerSecond,
  ratioInRound,
  SMALL_ALONE,
} from './cell.ts';
import { type Spread, spread } from './statistics.ts';
import { canMeasure, VARIANTS, type VariantName } from './variants.ts';

/** What the promises of speed are about. */
const OURS: VariantName = 'undici-pooled';

/** What the pooled transport is to reach, as a ratio to another client in the same rounds. */
export interface SpeedPromise {
  readonly cell: Cell;
  readonly figure: 'MB/s' | 'CPU s/GB';
  readonly against: VariantName;
  /** At least this for MB/s, at most this for CPU. */
  readonly bound: number;
  /** `aim`: wanted, and what is missing is to be explained. */
  readonly kind: 'promise' | 'aim';
}

export const PROMISES: readonly SpeedPromise[] = [
  { cell: LARGE_TOGETHER, figure: 'MB/s', against: 'raw-h2', bound: 0.9, kind: 'promise' },
  { cell: LARGE_TOGETHER, figure: 'MB/s', against: 'fetch', bound: 2, kind: 'promise' },
  { cell: LARGE_TOGETHER, figure: 'MB/s', against: 'got', bound: 2, kind: 'promise' },
  { cell: SMALL_ALONE, figure: 'MB/s', against: 'undici-agent', bound: 1, kind: 'promise' },
  { cell: SMALL_ALONE, figure: 'MB/s', against: 'raw-h2', bound: 0.8, kind: 'aim' },
  ...CELLS.map(
    (cell): SpeedPromise => ({
      cell,
      figure: 'CPU s/GB',
      against: agentFor(cell),
      bound: 1,
      kind: 'promise',
    }),
  ),
];

/** The clients whose ratios are promised under this load. */
export function promisedIn(cell: Cell): readonly VariantName[] {
  const promises = PROMISES.filter((promise) => cellName(promise.cell) === cellName(cell));
  return promises.length === 0 ? [] : [OURS, ...promises.map(({ against }) => against)];
}

function agentFor(cell: Cell): VariantName {
  return canMeasure('undici-agent', cell) ? 'undici-agent' : 'undici-agent-iterable';
}

/** FRESH with a CA bundle of `BUNDLE_SIZE` certificates takes at most this, as a ratio to default roots. */
export const BUNDLE_BOUND = 1.3;

/** The largest resident set of a process that streams a body of 1 GB, in megabytes. */
export const STREAMING_MEGABYTES = 200;

/** `reached` or `missed`, as every table says it. */
export function verdictWord(reached: boolean): string {
  return reached ? 'reached' : 'missed';
}

export interface Verdict {
  readonly promise: SpeedPromise;
  readonly measured: Spread;
  /** By round. */
  readonly ratios: readonly number[];
  readonly reached: boolean;
}

/** Judges, by the median, the promises whose cells and clients were measured. */
export function judge(results: readonly CellResult[], ours: VariantName = OURS): Verdict[] {
  return PROMISES.flatMap((promise) => {
    const result = results.find(({ cell }) => cellName(cell) === cellName(promise.cell));
    const mine = result?.rounds[ours];
    const theirs = result?.rounds[promise.against];
    if (mine === undefined || theirs === undefined) return [];
    const figure = promise.figure === 'MB/s' ? megabytesPerSecond : cpuSecondsPerGigabyte;
    const ratios = mine.flatMap((measured, round) => {
      const other = theirs[round];
      return measured === undefined || other === undefined ? [] : [ratioInRound(measured, other, figure)];
    });
    if (ratios.length === 0) return [];
    const measured = spread(ratios);
    const { median } = measured;
    const reached = promise.figure === 'MB/s' ? median >= promise.bound : median <= promise.bound;
    return [{ promise, measured, ratios, reached }];
  });
}

/** `1 MB x 8: MB/s at least 0.9 of node:http2, one session`. */
export function describePromise({ cell, figure, against, bound, kind }: SpeedPromise): string {
  const limit = figure === 'MB/s' ? 'at least' : 'at most';
  return `${cellName(cell)}: ${figure} ${limit} ${bound} x ${VARIANTS[against].label}${kind === 'aim' ? ' (aim)' : ''}`;
}

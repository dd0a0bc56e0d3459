import type { NamedRow } from '../results/named-row.ts';
import { type CellResult, cellName } from '../transports/cell.ts';
import { describePromise, judge } from '../transports/promises.ts';

/** The promises of speed, as far as their cells and clients were measured. */
export function speedRows(results: readonly CellResult[]): NamedRow[] {
  return judge(results).map(({ promise, ratios }) => {
    const { cell, figure, against, bound, kind } = promise;
    return {
      id: `speed: ${cellName(cell)}: ${figure} to ${against}`,
      promise: `Pooled HTTP/2: ${describePromise(promise)}`,
      bar: { kind: figure === 'MB/s' ? 'at least' : 'at most', value: bound, unit: 'x' },
      aim: kind === 'aim',
      measured: ratios,
      note: '',
    };
  });
}

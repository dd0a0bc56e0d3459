import { markdownTable } from '../report.ts';
import {
  type CellResult,
  cellName,
  cpuSecondsPerGigabyte,
  megabytesPerSecond,
  ratioInRound,
} from './cell.ts';
import type { Cost, Measured } from './job.ts';
import { describePromise, type Verdict, verdictWord } from './promises.ts';
import { formatSpread, spread } from './statistics.ts';
import { isVariant, VARIANTS, type VariantName } from './variants.ts';

const SPEED_BASE: VariantName = 'raw-h2';
const CPU_BASE: VariantName = 'undici-agent';

/** One table for a cell: speed beside that of node:http2, CPU beside that of undici's own Agent. */
export function cellTable({ cell, rounds }: CellResult): string {
  const rows = Object.entries(rounds).map(([name, measured]) => [
    isVariant(name) ? VARIANTS[name].label : name,
    ...figures(measured, megabytesPerSecond, rounds[SPEED_BASE], 0),
    ...figures(measured, cpuSecondsPerGigabyte, rounds[CPU_BASE], 2),
  ]);
  const head = ['client', 'MB/s', 'of node:http2', 'CPU s/GB', 'of undici Agent'];
  return `### ${cellName(cell)}\n\n${markdownTable(head, rows)}`;
}

function figures(
  measured: readonly (Measured | undefined)[],
  figure: (cost: Cost) => number,
  base: readonly (Measured | undefined)[] | undefined,
  digits: number,
): [string, string] {
  const values = measured.map((round) => (round === undefined ? Number.NaN : figure(round)));
  const ratios = measured.map((round, at) => {
    const other = base?.[at];
    return round === undefined || other === undefined ? Number.NaN : ratioInRound(round, other, figure);
  });
  const compared = base === undefined ? '' : formatSpread(spread(ratios), 2);
  return [formatSpread(spread(values), digits), compared];
}

export function verdictTable(verdicts: readonly Verdict[]): string {
  return markdownTable(
    ['promise of Ferry HTTP/2 POOLED', 'measured', ''],
    verdicts.map(({ promise, measured, reached }) => [
      describePromise(promise),
      formatSpread(measured, 2),
      verdictWord(reached),
    ]),
  );
}

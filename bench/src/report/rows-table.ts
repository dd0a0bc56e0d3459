import { markdownTable } from '../report.ts';
import { describeBar, type NamedRow, verdictOf } from '../results/named-row.ts';
import { formatSpread, spread } from '../transports/statistics.ts';

/** What the design promised: bar, measured, pass or short. */
export function rowsTable(rows: readonly NamedRow[]): string {
  return markdownTable(
    ['promise', 'bar', 'measured', ''],
    rows.map((row) => [
      row.promise,
      `${describeBar(row.bar)}${row.aim ? ' (aim)' : ''}`,
      formatSpread(spread(row.measured), digitsOf(row)),
      verdictOf(row),
    ]),
  );
}

/** Behind some rows: the figures that a ratio was formed of. */
export function rowNotes(rows: readonly NamedRow[]): string {
  return rows
    .filter(({ note }) => note !== '')
    .map(({ promise, note }) => `- ${promise}: ${note}.\n`)
    .join('');
}

function digitsOf({ bar }: NamedRow): number {
  switch (bar.unit) {
    case 'x':
    case 'round trips':
      return 2;
    case 'ms':
      return 1;
    default:
      return 0;
  }
}

import { markdownTable } from '../report.ts';
import { METRICS } from '../results/measurement.ts';
import { describeBar, type NamedRow, verdictOf } from '../results/named-row.ts';
import type { Machine, Results } from '../results/results.ts';
import { type Change, compareMeasurements, judgeChange } from './compare.ts';

/** What changed between two runs, as a page. */
export function compareReport(before: Results, after: Results): string {
  const changes = compareMeasurements(before, after);
  const beyond = changes.filter((change) => change.beyond !== undefined);
  return [
    `${before.machine.commit} (${before.mode}) and ${after.machine.commit} (${after.mode})\n`,
    ...warnings(before, after),
    '## What the design promised\n',
    rowsTable(before.rows, after.rows),
    '## Beyond the noise\n',
    beyond.length === 0 ? 'Nothing.\n' : changesTable(beyond),
    `${changes.length - beyond.length} of ${changes.length} figures are within the noise. Times and speeds of the transports are ratios to node:http2, those of the gateway to the way without one, in the same round.\n`,
  ].join('\n');
}

function warnings(before: Results, after: Results): string[] {
  const [a, b] = [before.machine, after.machine];
  const differ = (name: string, x: string | number, y: string | number): string[] =>
    x === y ? [] : [`- ${name}: ${x}, then ${y}`];
  const lines = [
    ...differ('CPU', a.cpu, b.cpu),
    ...differ('cores', a.cores, b.cores),
    ...differ('mode', before.mode, after.mode),
    ...Object.entries(a.versions).flatMap(([name, version]) =>
      differ(name, version, b.versions[name] ?? 'unknown'),
    ),
    ...busy('first', a),
    ...busy('second', b),
  ];
  return lines.length === 0 ? [] : [`Mind what else differs:\n\n${lines.join('\n')}\n`];
}

/** The load at the start is other people's. */
function busy(which: string, { load, cores }: Machine): string[] {
  const [atStart = 0] = load;
  return atStart > cores / 2 ? [`- the ${which} run began on a busy machine (load ${atStart})`] : [];
}

function rowsTable(before: readonly NamedRow[], after: readonly NamedRow[]): string {
  const others = new Map(after.map((row) => [row.id, row]));
  const rows = before.flatMap((row) => {
    const other = others.get(row.id);
    if (other === undefined) return [];
    const better = row.bar.kind === 'at most' ? 'lower' : 'higher';
    const change = judgeChange(row.measured, other.measured, better);
    return [
      [
        row.promise,
        describeBar(row.bar),
        `${figure(change.before)} ${verdictOf(row)}`,
        `${figure(change.after)} ${verdictOf(other)}`,
        wordOf(change),
      ],
    ];
  });
  return rows.length === 0
    ? 'No row is in both.\n'
    : markdownTable(['promise', 'bar', 'before', 'after', ''], rows);
}

function changesTable(changes: readonly Change[]): string {
  return markdownTable(
    ['', 'figure', 'before', 'after', 'change', 'noise', ''],
    changes
      .toSorted((a, b) => Math.abs(b.share) / b.noise - Math.abs(a.share) / a.noise)
      .map((change) => [
        change.key,
        METRICS[change.metric].label,
        figure(change.before),
        figure(change.after),
        signed(change.share),
        `± ${(change.noise * 100).toFixed(0)} %`,
        change.beyond ?? '',
      ]),
  );
}

function wordOf({ share, beyond }: Pick<Change, 'share' | 'beyond'>): string {
  return beyond === undefined ? 'within the noise' : `${beyond} (${signed(share)})`;
}

function signed(share: number): string {
  return `${share > 0 ? '+' : ''}${(share * 100).toFixed(0)} %`;
}

function figure(value: number): string {
  return String(Number(value.toPrecision(3)));
}

import { PARTS } from '../plan.ts';
import { markdownTable } from '../report.ts';
import { METRICS } from '../results/measurement.ts';
import { describeBar, type NamedRow, verdictOf } from '../results/named-row.ts';
import type { Machine, Results } from '../results/results.ts';
import { type Change, type ChangeUnit, compareMeasurements, judgeChange } from './compare.ts';

/** What changed between two runs, as a page. */
export function compareReport(before: Results, after: Results): string {
  const changes = compareMeasurements(before, after);
  const beyond = changes.filter((change) => change.beyond !== undefined);
  return [
    `# What changed\n`,
    `- before: ${described(before)}`,
    `- after: ${described(after)}\n`,
    ...warnings(before, after),
    '## What the design promised\n',
    rowsTable(before.rows, after.rows),
    ...onlyInOne(before.rows, after.rows),
    '## Beyond the noise\n',
    beyond.length === 0 ? 'Nothing.\n' : changesTable(beyond),
    [
      `${changes.length - beyond.length} of ${changes.length} figures are within the noise: by as much, at least 5 % or 2 ms, two runs of the same differ in nineteen of twenty cases, as far as their rounds tell;`,
      'a single round is taken to stray by 25 %. Of so many figures one in twenty lies beyond it by chance: believe a change that shows in several loads, or in a third run.\n',
    ].join(' '),
  ].join('\n');
}

function described({ mode, parts, machine, failures }: Results): string {
  const what = parts.length === 0 || parts.length === PARTS.length ? '' : `, only ${parts.join(', ')}`;
  const failed = failures.length === 0 ? '' : `; ${failures.length} could not be measured`;
  const at = machine.startedAt.slice(0, 16).replace('T', ' ');
  return `commit ${machine.commit}, ${at} UTC, ${mode}${what}${failed}`;
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
    // What rows have in milliseconds are differences of two times.
    const unit = row.bar.unit === 'ms' ? 'ms' : 'share';
    const change = judgeChange(row.measured, other.measured, better, unit);
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

function onlyInOne(before: readonly NamedRow[], after: readonly NamedRow[]): string[] {
  const missing = (rows: readonly NamedRow[], from: readonly NamedRow[]): readonly NamedRow[] =>
    rows.filter(({ id }) => !from.some((row) => row.id === id));
  const lines = [
    ...missing(before, after).map(({ promise }) => `- only before: ${promise}\n`),
    ...missing(after, before).map(({ promise }) => `- only after: ${promise}\n`),
  ];
  return lines.length === 0 ? [] : [lines.join('')];
}

function changesTable(changes: readonly Change[]): string {
  return markdownTable(
    ['load and client', 'figure', 'before', 'after', 'change', 'noise', ''],
    changes
      .toSorted((a, b) => Math.abs(b.change) / b.noise - Math.abs(a.change) / a.noise)
      .map((change) => [
        change.key,
        `${METRICS[change.metric].label}${change.base === undefined ? '' : `, to ${change.base}`}`,
        figure(change.before),
        figure(change.after),
        signed(change.change, change.unit),
        `± ${amount(change.noise, change.unit)}`,
        change.beyond ?? '',
      ]),
  );
}

function wordOf({ change, unit, beyond }: Pick<Change, 'change' | 'unit' | 'beyond'>): string {
  return beyond === undefined ? 'within the noise' : `${beyond} (${signed(change, unit)})`;
}

function signed(change: number, unit: ChangeUnit): string {
  if (!Number.isFinite(change)) return 'from none';
  return `${change > 0 ? '+' : ''}${amount(change, unit)}`;
}

function amount(value: number, unit: ChangeUnit): string {
  return unit === 'ms' ? `${value.toFixed(1)} ms` : `${(value * 100).toFixed(0)} %`;
}

function figure(value: number): string {
  return String(Number(value.toPrecision(3)));
}

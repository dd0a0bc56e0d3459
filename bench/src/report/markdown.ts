import { PARTS } from '../plan.ts';
import type { Machine, Results } from '../results/results.ts';
import type { Chart } from './charts.ts';
import { connectionOverheadTable } from './connection-overhead.ts';
import { failureList } from './failure-list.ts';
import { rowNotes, rowsTable } from './rows-table.ts';
import { partTables } from './tables.ts';

/** A whole run as a page. @param charts beside it, by their relative paths. */
export function reportPage(results: Results, charts: readonly Chart[]): string {
  const { rows, measurements, failures } = results;
  const has = (part: string): boolean => measurements.some((each) => each.part === part);
  const overheads = connectionOverheadTable(measurements);
  return [
    '# Report\n',
    `${described(results)}\n`,
    ...(failures.length === 0 ? [] : ['## What could not be measured\n', failureList(failures)]),
    ...(rows.length === 0
      ? []
      : ['## What the design promised\n', `${rowsTable(rows)}`, `${rowNotes(rows)}`]),
    ...(charts.length === 0
      ? []
      : ['## Charts\n', ...charts.map(({ path, title }) => `![${title}](${path})\n`)]),
    ...(overheads === ''
      ? []
      : [
          '## Connection overhead\n',
          'p50 beyond that of the same protocol on connections that are open already. A request makes two requests upstream, the upload and the edit, each on a connection of its own.\n',
          overheads,
        ]),
    ...(has('gateway') ? ['## Through the gateway\n', partTables('gateway', measurements)] : []),
    ...(has('transports')
      ? ['## Transports beside their peers\n', partTables('transports', measurements)]
      : []),
    ...(has('fire') ? ['## Under fire\n', partTables('fire', measurements)] : []),
  ].join('\n');
}

function described({ mode, parts, seconds, machine }: Results): string {
  const { startedAt, commit } = machine;
  const some = parts.length === 0 || parts.length === PARTS.length ? '' : ` ${parts.join(' ')}`;
  return [
    `Written by \`pnpm bench${some} --${mode}\` at commit ${commit}, ${startedAt.slice(0, 16).replace('T', ' ')} UTC, in ${Math.ceil(seconds / 60)} minutes.`,
    `${describeMachine(machine)}`,
    'Figures are medians of the rounds; where a spread matters, the least and the most stand in brackets. A p99 is that of all rounds together, and left out where fewer than 100 requests were answered. How to read them: [README](README.md).',
  ].join('\n');
}

function describeMachine({ cpu, cores, memoryGigabytes, platform, load, versions }: Machine): string {
  const [before = Number.NaN, after = Number.NaN] = load;
  const libraries = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${cpu}, ${cores} cores, ${memoryGigabytes} GB, ${platform}; ${libraries.join(', ')}. Load before ${before.toFixed(1)}, after ${after.toFixed(1)}.`;
}

import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Protocol } from '@ferry/core';
import type { ProfileName } from '../expectation.ts';
import { type Growth, megabytes } from '../memory/growth.ts';

/** How one case went for one profile. */
export interface CaseReport {
  readonly row: number;
  readonly title: string;
  readonly profile: ProfileName;
  /** `differs`: as declared. `known`: fails, as declared. */
  readonly result: 'passes' | 'differs' | 'known' | 'fails';
  /** How the upload ended, where there was one. */
  readonly observed: string;
  /** Findings of a failure, or the reason of a difference. */
  readonly notes: readonly string[];
  /** What was measured, in words. */
  readonly measured?: string;
}

/** One transport's run. */
export interface TransportReport {
  readonly transport: string;
  readonly protocol: Protocol;
  /** ISO 8601. */
  readonly at: string;
  readonly cases: readonly CaseReport[];
  readonly churn?: ChurnReport;
}

/** What a churn came to. */
export interface ChurnReport {
  readonly seed: number;
  readonly sends: number;
  /** How often which ending was seen. */
  readonly endings: Readonly<Record<string, number>>;
  /** What the process held after each round; not in the reports of older runs. */
  readonly memory?: Growth;
}

const PROFILE_ORDER: readonly ProfileName[] = ['FRESH', 'PREWARMED', 'POOLED'];
const MARK = { passes: 'ok', differs: 'ok (differs)', known: 'known failure', fails: '**fails**' } as const;

/**
 * Writes what this run has of the transport, cases or churn or both, then the matrix of everything that is there, to
 * `.reports` in the workspace's root. Transports run in different processes: whoever finishes last has seen every part.
 */
export async function writeReport(
  name: string,
  part: { cases?: TransportReport; churn?: ChurnReport },
): Promise<void> {
  const folder = join(workspaceRoot(process.cwd()), '.reports');
  const parts = join(folder, 'conformance');
  await mkdir(parts, { recursive: true });
  for (const [kind, value] of Object.entries(part)) {
    await replace(join(parts, `${name}.${kind}.json`), JSON.stringify(value, undefined, 2));
  }
  for (let seen = ''; ; ) {
    const all = await readParts(parts);
    const text = JSON.stringify(all, undefined, 2);
    if (text === seen) return;
    await replace(join(folder, 'conformance.json'), text);
    await replace(join(folder, 'conformance.md'), matrix(all));
    seen = text;
  }
}

async function readParts(folder: string): Promise<TransportReport[]> {
  const names = await readdir(folder);
  const read = async (name: string): Promise<unknown> =>
    JSON.parse(await readFile(join(folder, name), 'utf8'));
  const reports = names.filter((name) => name.endsWith('.cases.json')).sort();
  return await Promise.all(
    reports.map(async (name) => {
      const report = (await read(name)) as TransportReport;
      const churn = name.replace('.cases.', '.churn.');
      return names.includes(churn) ? { ...report, churn: (await read(churn)) as ChurnReport } : report;
    }),
  );
}

/** Nobody ever reads half a file. */
async function replace(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, text);
  await rename(temporary, path);
}

/** The matrix as Markdown. Pure. */
export function matrix(reports: readonly TransportReport[]): string {
  const columns = reports.flatMap((report) => PROFILE_ORDER.map((profile) => ({ report, profile })));
  const lines = new Map<string, { row: number; title: string }>();
  for (const { cases } of reports) {
    for (const { row, title } of cases) lines.set(`${row} ${title}`, { row, title });
  }
  const cell = (report: TransportReport, profile: ProfileName, row: number, title: string): string => {
    const found = report.cases.find((c) => c.row === row && c.title === title && c.profile === profile);
    return found === undefined ? '' : MARK[found.result];
  };
  const body = [...lines.values()]
    .sort((a, b) => a.row - b.row)
    .map(({ row, title }) =>
      [row, title.replaceAll('|', '\\|'), ...columns.map((c) => cell(c.report, c.profile, row, title))].join(
        ' | ',
      ),
    );
  const heads = columns.map(({ report, profile }) => `${report.transport} ${profile}`);
  const notes = reports.flatMap(({ transport, cases }) =>
    cases
      .filter(({ result }) => result !== 'passes')
      .map(
        ({ row, title, profile, result, observed, notes: why }) =>
          `- ${transport} ${profile}, row ${row}, ${title}: ${result}. ${[observed, ...why].filter(Boolean).join('; ')}`,
      ),
  );
  return [
    '# Conformance: every row of the fault table, every transport, every profile',
    '',
    ...reports.map(({ transport, protocol, at }) => `- ${transport} (${protocol}), ${at}`),
    '',
    `| row | fault | ${heads.join(' | ')} |`,
    `| --- | --- | ${heads.map(() => '---').join(' | ')} |`,
    ...body.map((line) => `| ${line} |`),
    '',
    ...measuredLines(reports),
    ...reports.flatMap(churnLines),
    ...(notes.length > 0 ? ['## What is not simply ok', '', ...notes, ''] : []),
  ].join('\n');
}

function measuredLines(reports: readonly TransportReport[]): string[] {
  const lines = reports.flatMap(({ transport, cases }) =>
    cases.flatMap(({ row, profile, measured }) =>
      measured === undefined ? [] : [`- ${transport} ${profile}, row ${row}: ${measured}`],
    ),
  );
  return lines.length > 0 ? ['## Memory', '', ...lines, ''] : [];
}

function churnLines({ transport, churn }: TransportReport): string[] {
  if (churn === undefined) return [];
  const { memory } = churn;
  const endings = Object.entries(churn.endings).sort(([, a], [, b]) => b - a);
  return [
    `## Churn of ${transport}: ${churn.sends} sends from seed ${churn.seed}`,
    '',
    ...endings.map(([ending, count]) => `- ${count} ${ending}`),
    '',
    ...(memory === undefined ? [] : [held(memory), '']),
  ];
}

function held({ first, most, last }: Growth): string {
  const [began, top, ended] = [first, most, last].map(megabytes);
  return `Memory after garbage collection: ${began} after the first round, ${top} at most, ${ended} at the end.`;
}

function workspaceRoot(from: string): string {
  if (existsSync(join(from, 'pnpm-workspace.yaml'))) return from;
  const parent = dirname(from);
  if (parent === from) throw new Error('not inside the workspace: there is no pnpm-workspace.yaml above');
  return workspaceRoot(parent);
}

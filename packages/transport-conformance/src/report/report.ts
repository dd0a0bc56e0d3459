import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Protocol } from '@ferry/core';
import type { ProfileName } from '../expectation.ts';

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
}

/** One transport's run. */
export interface TransportReport {
  readonly transport: string;
  readonly protocol: Protocol;
  /** ISO 8601. */
  readonly at: string;
  readonly cases: readonly CaseReport[];
}

const PROFILE_ORDER: readonly ProfileName[] = ['FRESH', 'PREWARMED', 'POOLED'];
const MARK = { passes: 'ok', differs: 'ok (differs)', known: 'known failure', fails: '**fails**' } as const;

/**
 * Writes this transport's part, then the matrix of all parts that are there, to `.reports` in the workspace's root.
 * Transports run in different processes: whoever finishes last has seen every part.
 */
export async function writeReport(report: TransportReport): Promise<void> {
  const folder = join(workspaceRoot(process.cwd()), '.reports');
  const parts = join(folder, 'conformance');
  await mkdir(parts, { recursive: true });
  await replace(join(parts, `${report.transport}.json`), JSON.stringify(report, undefined, 2));
  for (;;) {
    const all = await readParts(parts);
    await replace(join(folder, 'conformance.json'), JSON.stringify(all, undefined, 2));
    await replace(join(folder, 'conformance.md'), matrix(all));
    const seen = all.map((part) => part.at).join();
    const now = (await readParts(parts)).map((part) => part.at).join();
    if (seen === now) return;
  }
}

async function readParts(folder: string): Promise<TransportReport[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return texts.map((text) => JSON.parse(text) as TransportReport);
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
    ...(notes.length > 0 ? ['## What is not simply ok', '', ...notes, ''] : []),
  ].join('\n');
}

function workspaceRoot(from: string): string {
  if (existsSync(join(from, 'pnpm-workspace.yaml'))) return from;
  const parent = dirname(from);
  if (parent === from) throw new Error('not inside the workspace: there is no pnpm-workspace.yaml above');
  return workspaceRoot(parent);
}

import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { matrix } from './matrix.ts';
import type { ChurnReport, TransportReport } from './transport-report.ts';

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

function workspaceRoot(from: string): string {
  if (existsSync(join(from, 'pnpm-workspace.yaml'))) return from;
  const parent = dirname(from);
  if (parent === from) throw new Error('not inside the workspace: there is no pnpm-workspace.yaml above');
  return workspaceRoot(parent);
}

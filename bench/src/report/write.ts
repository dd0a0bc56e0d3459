import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { formatResults, type Results } from '../results/results.ts';
import { chartsOf } from './charts.ts';
import { reportPage } from './markdown.ts';

/** Writes report.md, results.json and charts/ into a directory; charts of an earlier run there are removed. */
export async function writeReport(results: Results, directory: string): Promise<void> {
  const charts = chartsOf(results);
  await rm(join(directory, 'charts'), { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  for (const { path, svg } of charts) {
    const file = join(directory, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, svg);
  }
  await writeFile(join(directory, 'results.json'), formatResults(results));
  await writeFile(join(directory, 'report.md'), reportPage(results, charts));
}

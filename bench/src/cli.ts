#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseCommand, USAGE } from './cli-options.ts';
import { compareReport } from './compare/report.ts';
import { planOf } from './plan.ts';
import { rowsTable } from './report/rows-table.ts';
import { writeReport } from './report/write.ts';
import { parseResults, type Results } from './results/results.ts';
import { run } from './run.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

async function main(): Promise<void> {
  const command = parseCommand(process.argv.slice(2));
  switch (command.kind) {
    case 'help':
      process.stdout.write(USAGE);
      return;
    case 'compare':
      process.stdout.write(compareReport(await read(command.before), await read(command.after)));
      return;
    case 'profile':
      return await (await import('./profile.ts')).profile(command.args);
    case 'ab':
      return await (await import('./transports.ts')).compareTransports(command.args);
    case 'run': {
      const startedAt = performance.now();
      const say = (line: string): void => {
        const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
        process.stderr.write(`${seconds.padStart(4)} s  ${line}\n`);
      };
      const results = await run(planOf(command.mode), command.parts, say);
      const directory = resolve(ROOT, command.out);
      await writeReport(results, directory);
      if (results.rows.length > 0) process.stdout.write(`${rowsTable(results.rows)}\n`);
      process.stdout.write(`Written to ${directory}: report.md, results.json, charts/\n`);
    }
  }
}

async function read(path: string): Promise<Results> {
  try {
    return parseResults(await readFile(path, 'utf8'));
  } catch (error) {
    throw new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

#!/usr/bin/env node
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitOnSignals } from './children/at-exit.ts';
import { parseCommand, USAGE } from './cli-options.ts';
import { compareReport } from './compare/report.ts';
import { messageOf } from './message.ts';
import { planOf } from './plan.ts';
import { failureList } from './report/failure-list.ts';
import { rowsTable } from './report/rows-table.ts';
import { writeReport } from './report/write.ts';
import { formatResults, parseResults, type Results } from './results/results.ts';
import { run } from './run.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What has been measured so far, for a run that does not come to its end. */
const UNFINISHED = resolve(ROOT, '.reports/bench/unfinished.json');

async function main(): Promise<void> {
  exitOnSignals();
  const command = parseCommand(process.argv.slice(2));
  switch (command.kind) {
    case 'help':
      process.stdout.write(USAGE);
      return;
    case 'compare':
      process.stdout.write(compareReport(await read(command.before), await read(command.after)));
      return;
    case 'report':
      return await report(await read(command.results), resolve(command.out));
    case 'profile':
      return await (await import('./profile.ts')).profile(command.args);
    case 'ab':
      return await (await import('./transports.ts')).compareTransports(command.args);
    case 'run': {
      await mkdir(dirname(UNFINISHED), { recursive: true });
      const plan = planOf(command.mode);
      const asked = { ...plan, gateway: { ...plan.gateway, ...command.gateway } };
      const results = await run(asked, command.parts, {
        say: progress(),
        save: (results) => writeFile(UNFINISHED, formatResults(results)),
      });
      await report(results, resolve(ROOT, command.out));
      await rm(UNFINISHED, { force: true });
    }
  }
}

function progress(): (line: string) => void {
  const startedAt = performance.now();
  return (line) => {
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
    process.stderr.write(`${seconds.padStart(4)} s  ${line}\n`);
  };
}

/** Writes what was measured and prints the named rows. Something that failed makes the command fail, once all is written. */
async function report(results: Results, directory: string): Promise<void> {
  await writeReport(results, directory);
  const { rows, failures } = results;
  if (rows.length > 0) process.stdout.write(`${rowsTable(rows)}\n`);
  process.stdout.write(`Written to ${directory}: report.md, results.json, charts/\n`);
  if (failures.length === 0) return;
  process.stdout.write(`\nCould not be measured:\n${failureList(failures)}`);
  process.exitCode = 1;
}

async function read(path: string): Promise<Results> {
  try {
    return parseResults(await readFile(path, 'utf8'));
  } catch (error) {
    throw new Error(`${path}: ${messageOf(error)}`, { cause: error });
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}

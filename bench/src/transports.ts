import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { messageOf } from './message.ts';
import type { CellResult } from './transports/cell.ts';
import { installedOf } from './transports/installed.ts';
import { measureCell } from './transports/measure.ts';
import { parseOptions } from './transports/options.ts';
import { startSink } from './transports/processes.ts';
import { judge } from './transports/promises.ts';
import { cellTable, verdictTable } from './transports/tables.ts';

/**
 * The transports alone, with options for a closer look and beside another build of them: cells, variants, rounds and times as the
 * command line says; see the table in `bench/README.md`.
 */
export async function compareTransports(args: readonly string[]): Promise<void> {
  const options = parseOptions(args);
  const variants = installedOf(options.variants, (line) => process.stderr.write(`${line}\n`));
  const { rounds, measureMs, warmUpMs } = options;
  const plan = {
    ...options,
    variants,
    promised: { rounds, measureMs, warmUpMs: { alone: warmUpMs, together: warmUpMs, large: warmUpMs } },
  };
  const sink = await startSink({ server: options.server });
  try {
    const results: CellResult[] = [];
    for (const cell of options.cells) {
      const result = await measureCell(sink.target, cell, plan, (what, error) => {
        throw new Error(`${what}: ${messageOf(error)}`, { cause: error });
      });
      results.push(result);
      process.stdout.write(`${cellTable(result)}\n`);
    }
    const verdicts = judge(results);
    if (verdicts.length > 0) process.stdout.write(verdictTable(verdicts));
    if (options.json !== undefined) {
      const machine = { node: process.version, cores: availableParallelism() };
      await writeFile(options.json, `${JSON.stringify({ machine, options, results, verdicts }, null, 2)}\n`);
    }
  } finally {
    await sink.stop();
  }
}

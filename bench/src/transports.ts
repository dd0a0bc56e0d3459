/**
 * Transports beside raw Node and other clients: uploads to one server on loopback, over TLS. Read the ratios.
 *
 *   pnpm --filter @ferry/bench run transports [--quick] [--rounds 5] [--measure-ms 1000] [--warm-up-ms 2000]
 *     [--cells 100kB:1,1MB:8] [--variants undici-pooled,raw-h2] [--baseline other/dist/index.js] [--json results.json]
 */
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { Cell, CellResult } from './transports/cell.ts';
import { parseOptions } from './transports/options.ts';
import { runJob, type Sink, startSink } from './transports/processes.ts';
import { judge } from './transports/promises.ts';
import { inRounds } from './transports/rounds.ts';
import { cellTable, verdictTable } from './transports/tables.ts';
import { canMeasure } from './transports/variants.ts';

const options = parseOptions(process.argv.slice(2));
const sink = await startSink();
try {
  const results: CellResult[] = [];
  for (const cell of options.cells) {
    const result = await measureCell(sink, cell);
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

async function measureCell({ target }: Sink, cell: Cell): Promise<CellResult> {
  const { rounds, measureMs, warmUpMs, baseline } = options;
  const variants = options.variants.filter((variant) => canMeasure(variant, cell));
  const measured = await inRounds(variants, rounds, (variant) =>
    runJob({
      type: 'load',
      variant,
      target,
      trust: 'default',
      ...cell,
      warmUpMs,
      measureMs,
      profile: false,
      baseline,
    }),
  );
  return { cell, rounds: Object.fromEntries(measured) };
}

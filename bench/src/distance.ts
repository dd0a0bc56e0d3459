/**
 * What a connection costs when the server is far: single uploads over a round trip of 100 ms.
 *
 *   pnpm --filter @ferry/bench run distance [--round-trip-ms 100] [--uploads 7] [--cell 100kB:1]
 */
import { parseArgs } from 'node:util';
import { listOf, wholeNumber } from './options.ts';
import { markdownTable } from './report.ts';
import { parseCell } from './transports/cell.ts';
import { runJob, startSink } from './transports/processes.ts';
import { formatSpread, spread } from './transports/statistics.ts';
import { VARIANTS, type VariantName } from './transports/variants.ts';

const FAR: readonly VariantName[] = [
  'undici-fresh',
  'undici-prewarmed',
  'undici-pooled',
  'http1-fresh',
  'http1-pooled',
  'raw-h2-fresh',
  'raw-h2',
  'undici-client-each',
  'fetch',
];

const { values } = parseArgs({
  options: {
    'round-trip-ms': { type: 'string', default: '100' },
    uploads: { type: 'string', default: '7' },
    cell: { type: 'string', default: '100kB:1' },
  },
});
const roundTripMs = wholeNumber('round-trip-ms', values['round-trip-ms'], 1, 1_000);
const uploads = wholeNumber('uploads', values.uploads, 1, 100);
const [{ bodyBytes }] = listOf('cell', values.cell, parseCell);

const sink = await startSink(roundTripMs);
try {
  const { target } = sink;
  const rows: string[][] = [];
  for (const variant of FAR) {
    // Long enough for a spare to be opened, short enough for a pooled connection not to be proven.
    const pauseMs = roundTripMs * 6;
    const job = { type: 'spaced', variant, target, trust: 'default', bodyBytes, uploads, pauseMs } as const;
    const { latenciesMs } = await runJob(job);
    const figure = spread(latenciesMs);
    rows.push([VARIANTS[variant].label, formatSpread(figure, 0), (figure.median / roundTripMs).toFixed(1)]);
  }
  const head = [`${bodyBytes / 1_000} kB over ${roundTripMs} ms`, 'ms an upload', 'round trips'];
  process.stdout.write(markdownTable(head, rows));
} finally {
  await sink.stop();
}

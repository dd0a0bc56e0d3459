/**
 * Memory of a client process while it uploads one large body from a generator.
 *
 *   pnpm --filter @ferry/bench run memory [--megabytes 1000]
 */
import { parseArgs } from 'node:util';
import { wholeNumber } from './options.ts';
import { markdownTable } from './report.ts';
import { megabytesPerSecond } from './transports/cell.ts';
import type { Measured } from './transports/job.ts';
import { runJob, startSink } from './transports/processes.ts';
import { STREAMING_MEGABYTES, verdictWord } from './transports/promises.ts';
import { VARIANTS, type VariantName } from './transports/variants.ts';

const STREAMED: readonly VariantName[] = ['undici-pooled', 'undici-fresh', 'http1-pooled', 'http1-fresh'];

/** What the process takes before it has sent anything worth the name. */
const SMALL_MEGABYTES = 1;

const { values } = parseArgs({ options: { megabytes: { type: 'string', default: '1000' } } });
const megabytes = wholeNumber('megabytes', values.megabytes, 1, 10_000);

const sink = await startSink();
try {
  const rows: string[][] = [];
  for (const variant of STREAMED) {
    const stream = (size: number): Promise<Measured> =>
      runJob({ type: 'stream', variant, target: sink.target, bodyBytes: size * 1_000_000 });
    const small = await stream(SMALL_MEGABYTES);
    const large = await stream(megabytes);
    rows.push([
      VARIANTS[variant].label,
      inMegabytes(small),
      inMegabytes(large),
      megabytesPerSecond(large).toFixed(0),
      verdictWord(large.peakRssBytes <= STREAMING_MEGABYTES * 1_000_000),
    ]);
  }
  const head = [
    'client',
    `peak RSS MB, ${SMALL_MEGABYTES} MB body`,
    `peak RSS MB, ${megabytes} MB body`,
    'MB/s',
    `at most ${STREAMING_MEGABYTES} MB`,
  ];
  process.stdout.write(markdownTable(head, rows));
} finally {
  await sink.stop();
}

function inMegabytes({ peakRssBytes }: Measured): string {
  return (peakRssBytes / 1_000_000).toFixed(0);
}

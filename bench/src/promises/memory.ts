import type { NamedRow } from '../results/named-row.ts';
import { runJob, startSink } from '../transports/processes.ts';
import { STREAMING_MEGABYTES } from '../transports/promises.ts';
import { VARIANTS, type VariantName } from '../transports/variants.ts';
import { atMost, promised } from './row.ts';

/** The largest resident set of a process that uploads one body from a generator. */
export async function memoryRows(variants: readonly VariantName[], megabytes: number): Promise<NamedRow[]> {
  const sink = await startSink();
  try {
    const rows: NamedRow[] = [];
    for (const variant of variants) {
      const stream = async (size: number): Promise<number> => {
        const job = { type: 'stream', variant, target: sink.target, bodyBytes: size * 1_000_000 } as const;
        return (await runJob(job)).peakRssBytes / 1_000_000;
      };
      const small = await stream(1);
      rows.push(
        promised(
          `memory: ${variant}`,
          `${VARIANTS[variant].label}: peak memory while a body of 1 GB streams`,
          atMost(STREAMING_MEGABYTES, 'MB'),
          [await stream(megabytes)],
          `${small.toFixed(0)} MB with a body of 1 MB${megabytes === 1_000 ? '' : `; the large body had ${megabytes} MB`}`,
        ),
      );
    }
    return rows;
  } finally {
    await sink.stop();
  }
}

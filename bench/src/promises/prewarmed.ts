import { median } from '../report.ts';
import type { NamedRow } from '../results/named-row.ts';
import { runJob, startSink } from '../transports/processes.ts';
import type { VariantName } from '../transports/variants.ts';
import { atLeast, promised } from './row.ts';

const ROUND_TRIP_MS = 100;
const BODY_BYTES = 100_000;
/** Long enough for a spare to be opened, short enough for a pooled connection not to be proven. */
const PAUSE_MS = 6 * ROUND_TRIP_MS;

const VARIANTS: readonly VariantName[] = ['undici-fresh', 'undici-prewarmed', 'undici-pooled'];

/** An upload on a spare saves the two round trips that TCP and TLS take, at a distance of 100 ms. */
export async function prewarmedRow(rounds: number, uploads: number): Promise<NamedRow> {
  const sink = await startSink({ roundTripMs: ROUND_TRIP_MS });
  try {
    const run = async (variant: VariantName): Promise<number> => {
      const job = { type: 'spaced', variant, target: sink.target, trust: 'default' } as const;
      const { latenciesMs } = await runJob({ ...job, bodyBytes: BODY_BYTES, uploads, pauseMs: PAUSE_MS });
      return median(latenciesMs);
    };
    const measured: (readonly number[])[] = [];
    // Side by side within a round: they rest and wait, and take next to nothing from one another.
    while (measured.length < rounds) measured.push(await Promise.all(VARIANTS.map(run)));
    const of = (variant: VariantName): readonly number[] =>
      measured.map((medians) => medians[VARIANTS.indexOf(variant)] ?? Number.NaN);
    const prewarmed = of('undici-prewarmed');
    const saved = of('undici-fresh').map(
      (fresh, i) => (fresh - (prewarmed[i] ?? Number.NaN)) / ROUND_TRIP_MS,
    );
    const note = `${VARIANTS.map((variant) => `${variant} ${median(of(variant)).toFixed(0)} ms`).join(', ')}; median of single uploads`;
    return promised(
      'prewarmed',
      'A spare connection saves two round trips (100 kB, 100 ms away)',
      atLeast(2, 'round trips'),
      saved,
      note,
    );
  } finally {
    await sink.stop();
  }
}

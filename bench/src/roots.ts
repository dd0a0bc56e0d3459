/**
 * What a CA bundle costs when every upload has a connection of its own: Node's roots handed over as PEM text, as
 * configuration does, beside Node's roots by default.
 *
 *   pnpm --filter @ferry/bench run roots [--rounds 7] [--measure-ms 1500]
 */
import tls from 'node:tls';
import { parseArgs } from 'node:util';
import { wholeNumber } from './options.ts';
import { markdownTable } from './report.ts';
import { SMALL_ALONE } from './transports/cell.ts';
import type { Trust } from './transports/job.ts';
import { runJob, startSink } from './transports/processes.ts';
import { inRounds } from './transports/rounds.ts';
import { formatSpread, ratio, spread } from './transports/statistics.ts';
import { VARIANTS, type VariantName } from './transports/variants.ts';

const FRESH: readonly VariantName[] = ['undici-fresh', 'http1-fresh', 'undici-client-each', 'raw-h2-fresh'];

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, 'measure-ms': { type: 'string', default: '1500' } },
});
const rounds = wholeNumber('rounds', values.rounds, 1, 50);
const measureMs = wholeNumber('measure-ms', values['measure-ms'], 100, 30_000);

const runs = FRESH.flatMap((variant) =>
  (['default', 'bundle'] as const).map((trust) => ({ variant, trust })),
);
const sink = await startSink();
try {
  const { target } = sink;
  const measured = await inRounds(runs, rounds, async ({ variant, trust }) => {
    const load = { type: 'load', variant, trust, target, ...SMALL_ALONE, measureMs } as const;
    const { ms, uploads } = await runJob({ ...load, warmUpMs: 500, profile: false, baseline: undefined });
    return ms / uploads;
  });
  const of = (variant: VariantName, trust: Trust): number[] => {
    const run = runs.find((each) => each.variant === variant && each.trust === trust);
    return run === undefined ? [] : (measured.get(run) ?? []);
  };
  const certificates = tls.rootCertificates.length + 1;
  process.stdout.write(
    markdownTable(
      ['100 kB x 1', 'ms, default roots', `ms, bundle of ${certificates}`, 'bundle / default'],
      FRESH.map((variant) => [
        VARIANTS[variant].label,
        formatSpread(spread(of(variant, 'default')), 2),
        formatSpread(spread(of(variant, 'bundle')), 2),
        formatSpread(ratio(of(variant, 'bundle'), of(variant, 'default')), 2),
      ]),
    ),
  );
} finally {
  await sink.stop();
}

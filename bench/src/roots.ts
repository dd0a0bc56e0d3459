/**
 * What a CA bundle costs when every upload has a connection of its own: 145 certificates handed over as PEM text, as
 * configuration does, beside Node's roots by default.
 *
 *   pnpm --filter @ferry/bench run roots [--rounds 7] [--measure-ms 1500]
 */
import { parseArgs } from 'node:util';
import { wholeNumber } from './options.ts';
import { markdownTable } from './report.ts';
import { BUNDLE_SIZE, makeBundle } from './transports/bundle.ts';
import { SMALL_ALONE } from './transports/cell.ts';
import type { Trust } from './transports/job.ts';
import { runJob, startSink } from './transports/processes.ts';
import { BUNDLE_BOUND, verdictWord } from './transports/promises.ts';
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
  const target = { ...sink.target, bundlePem: await makeBundle(sink.target.caPem) };
  const measured = await inRounds(runs, rounds, async ({ variant, trust }) => {
    const load = { type: 'load', variant, trust, target, ...SMALL_ALONE, measureMs } as const;
    const { ms, uploads } = await runJob({ ...load, warmUpMs: 500, profile: false, baseline: undefined });
    return ms / uploads;
  });
  const of = (variant: VariantName, trust: Trust): number[] => {
    const run = runs.find((each) => each.variant === variant && each.trust === trust);
    return run === undefined ? [] : (measured.get(run) ?? []);
  };
  process.stdout.write(
    markdownTable(
      [
        '100 kB x 1',
        'ms, default roots',
        `ms, bundle of ${BUNDLE_SIZE}`,
        'bundle / default',
        `at most ${BUNDLE_BOUND}`,
      ],
      FRESH.map((variant) => [
        VARIANTS[variant].label,
        formatSpread(spread(of(variant, 'default')), 2),
        formatSpread(spread(of(variant, 'bundle')), 2),
        formatSpread(ratio(of(variant, 'bundle'), of(variant, 'default')), 2),
        isOurs(variant)
          ? verdictWord(ratio(of(variant, 'bundle'), of(variant, 'default')).median <= BUNDLE_BOUND)
          : '',
      ]),
    ),
  );
} finally {
  await sink.stop();
}

function isOurs(variant: VariantName): boolean {
  return VARIANTS[variant].label.startsWith('Ferry');
}

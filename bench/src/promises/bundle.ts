import { median } from '../report.ts';
import type { NamedRow } from '../results/named-row.ts';
import { BUNDLE_SIZE, makeBundle } from '../transports/bundle.ts';
import { SMALL_ALONE } from '../transports/cell.ts';
import type { Trust } from '../transports/job.ts';
import { runLoad, startSink } from '../transports/processes.ts';
import { BUNDLE_BOUND } from '../transports/promises.ts';
import { inRounds } from '../transports/rounds.ts';
import type { VariantName } from '../transports/variants.ts';
import { atMost, promised, ratios } from './row.ts';

const OURS = [
  { variant: 'undici-fresh', name: 'HTTP/2' },
  { variant: 'http1-fresh', name: 'HTTP/1.1' },
] as const;
const PEER: VariantName = 'undici-client-each';

export interface BundlePlan {
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** A connection for every upload, with a bundle of authorities as PEM text beside Node's own roots. */
export async function bundleRows({ rounds, warmUpMs, measureMs }: BundlePlan): Promise<NamedRow[]> {
  const sink = await startSink();
  try {
    const target = { ...sink.target, bundlePem: await makeBundle(sink.target.caPem) };
    const variants: readonly VariantName[] = [...OURS.map(({ variant }) => variant), PEER];
    const runs = variants.flatMap((variant) =>
      (['default', 'bundle'] as const).map((trust) => ({ variant, trust })),
    );
    const measured = await inRounds(runs, rounds, async ({ variant, trust }) => {
      const load = { type: 'load', variant, trust, target, ...SMALL_ALONE, warmUpMs } as const;
      const { ms, uploads } = await runLoad({ ...load, profile: false, baseline: undefined }, measureMs);
      return ms / uploads;
    });
    const of = (variant: VariantName, trust: Trust): readonly number[] => {
      const run = runs.find((each) => each.variant === variant && each.trust === trust);
      return run === undefined ? [] : (measured.get(run) ?? []);
    };
    const ms = (variant: VariantName, trust: Trust): string => median(of(variant, trust)).toFixed(2);
    return OURS.map(({ variant, name }) =>
      promised(
        `bundle: ${variant}`,
        `Fresh ${name} with a bundle of ${BUNDLE_SIZE} certificates, to default roots`,
        atMost(BUNDLE_BOUND, 'x'),
        ratios(of(variant, 'bundle'), of(variant, 'default')),
        `${ms(variant, 'bundle')} to ${ms(variant, 'default')} ms an upload; undici's Client, which parses it each time: ${ms(PEER, 'bundle')} to ${ms(PEER, 'default')} ms`,
      ),
    );
  } finally {
    await sink.stop();
  }
}

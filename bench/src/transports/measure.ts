import { speedRows } from '../promises/speed.ts';
import type { Measurement, Round } from '../results/measurement.ts';
import { distributionOf, latencyFigures } from '../results/quantiles.ts';
import { CLIENT_SECONDS, type OnFailure, type Step } from '../steps.ts';
import { type Cell, type CellResult, cellName, cpuSecondsPerGigabyte, megabytesPerSecond } from './cell.ts';
import { runH2load } from './h2load.ts';
import type { LoadJob, Measured, Target } from './job.ts';
import { runJob, startSink } from './processes.ts';
import { promisedIn } from './promises.ts';
import { inRoundsDespiteFailures } from './rounds.ts';
import { canMeasure, isMeasured, isVariant, VARIANTS, type VariantName } from './variants.ts';

export interface TransportPlan {
  readonly cells: readonly Cell[];
  readonly variants: readonly VariantName[];
  readonly rounds: number;
  /** Of the clients whose ratios are promised under a load: as many again decide a ratio that is near its bar. */
  readonly promisedRounds: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly baseline?: string | undefined;
}

/** Every client under one load, one process a run. @param failed told of a client that fails; the others go on. */
export async function measureCell(
  target: Target,
  cell: Cell,
  plan: TransportPlan,
  failed: OnFailure,
): Promise<CellResult> {
  const { measureMs, warmUpMs, baseline } = plan;
  const variants = plan.variants.filter((variant) => canMeasure(variant, cell));
  const run = (variant: VariantName): Promise<Measured> => {
    const job: LoadJob = {
      type: 'load',
      variant,
      target,
      trust: 'default',
      ...cell,
      warmUpMs,
      measureMs,
      profile: false,
      baseline,
    };
    return variant === 'h2load' ? runH2load(job) : runJob(job);
  };
  const measured = await inRoundsDespiteFailures(
    variants,
    roundsIn(cell, plan),
    run,
    (variant, round, error) =>
      failed(`${cellName(cell)}: ${VARIANTS[variant].label}, round ${round + 1}`, error),
  );
  return { cell, rounds: Object.fromEntries(measured) };
}

function roundsIn(
  cell: Cell,
  { rounds, promisedRounds }: Pick<TransportPlan, 'rounds' | 'promisedRounds'>,
): (variant: VariantName) => number {
  const promised = new Set(promisedIn(cell));
  return (variant) => (promised.has(variant) ? promisedRounds : rounds);
}

/** A cell a step, each with a server of its own: one that dies takes nothing else along. */
export function transportSteps(plan: TransportPlan): Step[] {
  return plan.cells.map((cell) => {
    const variants = plan.variants.filter((variant) => isMeasured(variant, cell));
    const runs = variants.map(roundsIn(cell, plan)).reduce((sum, rounds) => sum + rounds, 0);
    return {
      part: 'transports',
      name: cellName(cell),
      seconds: runs * ((plan.warmUpMs + plan.measureMs) / 1_000 + CLIENT_SECONDS),
      async run(failed) {
        const sink = await startSink();
        try {
          const result = await measureCell(sink.target, cell, { ...plan, variants }, failed);
          return { rows: speedRows([result]), measurements: measurementsOf(result) };
        } finally {
          await sink.stop();
        }
      },
    };
  });
}

function measurementsOf({ cell, rounds }: CellResult): Measurement[] {
  return Object.entries(rounds).map(([variant, measured]) => {
    const distribution = distributionOf(measured.flatMap((round) => round?.latenciesMs ?? []));
    return {
      part: 'transports',
      setting: cell,
      variant,
      label: isVariant(variant) ? VARIANTS[variant].label : variant,
      rounds: measured.map(roundOf),
      ...(distribution !== undefined && { distribution }),
    };
  });
}

function roundOf(measured: Measured | undefined): Round {
  if (measured === undefined) return {};
  return {
    requests: measured.uploads,
    megabytesPerSecond: megabytesPerSecond(measured),
    requestsPerSecond: (measured.uploads / measured.ms) * 1_000,
    ...latencyFigures(measured.latenciesMs),
    ...(Number.isFinite(measured.cpuMs) && {
      clientCpuSecondsPerGigabyte: cpuSecondsPerGigabyte(measured),
      clientPeakMegabytes: measured.peakRssBytes / 1_000_000,
    }),
  };
}

import type { Measurement, Round } from '../results/measurement.ts';
import { distributionOf, quantile, sortedCopy } from '../results/quantiles.ts';
import { type Cell, type CellResult, cellName, cpuSecondsPerGigabyte, megabytesPerSecond } from './cell.ts';
import { runH2load } from './h2load.ts';
import type { LoadJob, Measured, Target } from './job.ts';
import { runJob } from './processes.ts';
import { inRounds } from './rounds.ts';
import { canMeasure, isVariant, VARIANTS, type VariantName } from './variants.ts';

export interface TransportPlan {
  readonly cells: readonly Cell[];
  readonly variants: readonly VariantName[];
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly baseline?: string | undefined;
}

/** Every client under one load, one process a run. */
export async function measureCell(target: Target, cell: Cell, plan: TransportPlan): Promise<CellResult> {
  const { rounds, measureMs, warmUpMs, baseline } = plan;
  const variants = plan.variants.filter((variant) => canMeasure(variant, cell));
  const measured = await inRounds(variants, rounds, (variant) => {
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
  });
  return { cell, rounds: Object.fromEntries(measured) };
}

/** The same for all cells, as they are reported. */
export async function measureTransports(
  target: Target,
  plan: TransportPlan,
  say: (line: string) => void,
): Promise<{ readonly results: readonly CellResult[]; readonly measurements: readonly Measurement[] }> {
  const results: CellResult[] = [];
  for (const cell of plan.cells) {
    say(`transports: ${cellName(cell)}`);
    results.push(await measureCell(target, cell, plan));
  }
  return { results, measurements: results.flatMap(measurementsOf) };
}

function measurementsOf({ cell, rounds }: CellResult): Measurement[] {
  return Object.entries(rounds).map(([variant, measured]) => {
    const distribution = distributionOf(measured.flatMap(({ latenciesMs }) => latenciesMs));
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

function roundOf(measured: Measured): Round {
  const sorted = sortedCopy(measured.latenciesMs);
  return {
    requests: measured.uploads,
    megabytesPerSecond: megabytesPerSecond(measured),
    requestsPerSecond: (measured.uploads / measured.ms) * 1_000,
    ...(sorted.length > 0 && {
      p50Ms: quantile(sorted, 0.5),
      p90Ms: quantile(sorted, 0.9),
      p99Ms: quantile(sorted, 0.99),
    }),
    ...(Number.isFinite(measured.cpuMs) && {
      clientCpuSecondsPerGigabyte: cpuSecondsPerGigabyte(measured),
      clientPeakMegabytes: measured.peakRssBytes / 1_000_000,
    }),
  };
}

import { speedRows } from '../promises/speed.ts';
import type { Measurement, Round } from '../results/measurement.ts';
import { distributionOf, latencyFigures } from '../results/quantiles.ts';
import { CLIENT_SECONDS, type OnFailure, type Step } from '../steps.ts';
import { type Cell, type CellResult, cellName, cpuSecondsPerGigabyte, megabytesPerSecond } from './cell.ts';
import { runH2load } from './h2load.ts';
import type { LoadJob, Measured, Target } from './job.ts';
import { startLoad, startSink } from './processes.ts';
import { promisedIn } from './promises.ts';
import { inTurns, type Stint, type Turns } from './turns.ts';
import { canMeasure, isMeasured, isVariant, VARIANTS, type VariantName } from './variants.ts';
import { type PromisedWarmUp, promisedWarmUps, totalMs } from './warm-up.ts';

export interface TransportPlan {
  readonly cells: readonly Cell[];
  readonly variants: readonly VariantName[];
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** The same of the clients whose ratios are promised under a load: more decides a ratio that is near its bar. */
  readonly promised: {
    readonly rounds: number;
    readonly warmUpMs: PromisedWarmUp;
    readonly measureMs: number;
  };
  readonly baseline?: string | undefined;
}

/** How long a client is measured before it is another's turn, at least. */
const TURN_MS = 200;
/** A pace, a quarter of what clients reach: by it a turn is so long that each of the uploads at once is followed by several. */
const BYTES_IN_A_MS = 100_000;
/** How often it is its turn, at least: the order is reversed from one to the next. */
const LEAST_TURNS = 2;
/** How much longer a turn takes, with its lead-in and the uploads that were under way. */
const TURN_COST = 1.5;

/** Every client under one load, in a process of its own a round. @param failed told of a client that fails; the others go on. */
export async function measureCell(
  target: Target,
  cell: Cell,
  plan: TransportPlan,
  failed: OnFailure,
): Promise<CellResult> {
  const { measureMs, promised, baseline } = plan;
  const warmUpsOf = warmUpsIn(cell, plan);
  const isPromised = byPromise(cell, true, false);
  const jobOf = (variant: VariantName, warmUpMs: number): LoadJob => ({
    type: 'load',
    variant,
    target,
    trust: 'default',
    ...cell,
    warmUpMs,
    profile: false,
    baseline,
  });
  const variants = plan.variants.filter((variant) => canMeasure(variant, cell));
  const roundsOf = roundsIn(cell, plan);
  const results = new Map(variants.map((variant): [VariantName, (Measured | undefined)[]] => [variant, []]));
  for (let round = 0; round < Math.max(...variants.map(roundsOf)); round += 1) {
    const present = variants.filter((variant) => round < roundsOf(variant));
    const failedIn = (variant: VariantName, error: unknown): void =>
      failed(`${cellName(cell)}: ${VARIANTS[variant].label}, round ${round + 1}`, error);
    const taking = present.filter((variant) => variant !== 'h2load');
    // Those whose ratios are promised by themselves, so that none of them rests for long; all together beside another build.
    const groups = Map.groupBy(taking, byPromise(cell, true, baseline !== undefined));
    for (const group of groups.values()) {
      // Those of both kinds warm up alike.
      const warmUps = group.map(warmUpsOf).reduce((a, b) => (totalMs(a) >= totalMs(b) ? a : b));
      const start = (variant: VariantName) => startLoad(jobOf(variant, 0));
      const turns = turnsIn(cell, group.some(isPromised) ? promised.measureMs : measureMs);
      const parts = await inTurns(group, { ...turns, warmUps }, start, failedIn);
      for (const variant of group) results.get(variant)?.push(together(parts.get(variant)));
    }
    if (present.includes('h2load')) {
      // It takes whole seconds, and no turns.
      const measured = runH2load(jobOf('h2load', totalMs(warmUpsOf('h2load'))), measureMs).catch(
        (error: unknown) => {
          failedIn('h2load', error);
          return undefined;
        },
      );
      results.get('h2load')?.push(await measured);
    }
  }
  return { cell, rounds: Object.fromEntries(results) };
}

/** What was measured in several turns, as one. */
function together(parts: readonly Measured[] | undefined): Measured | undefined {
  if (parts === undefined) return undefined;
  const sum = (of: (part: Measured) => number): number => parts.reduce((total, part) => total + of(part), 0);
  return {
    uploads: sum(({ uploads }) => uploads),
    bytes: sum(({ bytes }) => bytes),
    ms: sum(({ ms }) => ms),
    cpuMs: sum(({ cpuMs }) => cpuMs),
    peakRssBytes: Math.max(...parts.map(({ peakRssBytes }) => peakRssBytes)),
    latenciesMs: parts.flatMap(({ latenciesMs }) => latenciesMs),
    turns: parts.map(({ bytes, ms, cpuMs }) => ({ bytes, ms, cpuMs })),
  };
}

/** What the clients whose ratios are promised under this load get, and what the others get. */
function byPromise<T>(cell: Cell, promised: T, others: T): (variant: VariantName) => T {
  const names = new Set(promisedIn(cell));
  return (variant) => (names.has(variant) ? promised : others);
}

function roundsIn(cell: Cell, plan: TransportPlan): (variant: VariantName) => number {
  return byPromise(cell, plan.promised.rounds, plan.rounds);
}

function warmUpsIn(cell: Cell, plan: TransportPlan): (variant: VariantName) => readonly Stint[] {
  const others = [{ ms: plan.warmUpMs, bodyBytes: cell.bodyBytes }];
  return byPromise(cell, promisedWarmUps(cell, plan.promised.warmUpMs), others);
}

/** How often it is a client's turn under a load, and for how long. However short a measurement is to be, it is more than once. */
function turnsIn({ bodyBytes, atOnce }: Cell, measureMs: number): Omit<Turns, 'warmUps'> {
  const ms = Math.max(Math.min(TURN_MS, measureMs), (bodyBytes * atOnce) / BYTES_IN_A_MS);
  return { count: Math.max(LEAST_TURNS, Math.round(measureMs / ms)), ms };
}

/** A cell a step, each with a server of its own: one that dies takes nothing else along. */
export function transportSteps(plan: TransportPlan): Step[] {
  return plan.cells.map((cell) => {
    const variants = plan.variants.filter((variant) => isMeasured(variant, cell));
    const [roundsOf, warmUpsOf] = [roundsIn(cell, plan), warmUpsIn(cell, plan)];
    const turnsOf = byPromise(cell, turnsIn(cell, plan.promised.measureMs), turnsIn(cell, plan.measureMs));
    const measuredMs = (variant: VariantName): number => turnsOf(variant).count * turnsOf(variant).ms;
    const secondsOf = (variant: VariantName): number =>
      roundsOf(variant) *
      ((totalMs(warmUpsOf(variant)) + measuredMs(variant) * TURN_COST) / 1_000 + CLIENT_SECONDS);
    return {
      part: 'transports',
      name: cellName(cell),
      seconds: variants.map(secondsOf).reduce((sum, seconds) => sum + seconds, 0),
      async run(failed) {
        const sink = await startSink({ server: 'frames' });
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

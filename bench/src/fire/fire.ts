import type { Measurement, Round } from '../results/measurement.ts';
import { distributionOf, latencyFigures } from '../results/quantiles.ts';
import { CLIENT_SECONDS, type OnFailure, type Step } from '../steps.ts';
import type { FireJob, Measured, Trouble } from '../transports/job.ts';
import { runJob, startSink } from '../transports/processes.ts';
import { inRoundsDespiteFailures } from '../transports/rounds.ts';
import { VARIANTS, type VariantName } from '../transports/variants.ts';

/** Every 20th is 5 %; a connection that dies takes along up to four uploads. */
export const TROUBLES: readonly Trouble[] = [
  { kind: 'stream-reset', every: 20 },
  { kind: 'connection-dies', every: 50 },
  { kind: 'silent-drop' },
];

/** What anybody might take, as it comes; node:http2 alone is left out, since it never opens a second connection. */
export const FIRE_VARIANTS: readonly VariantName[] = [
  'undici-fresh',
  'undici-prewarmed',
  'undici-pooled',
  'http1-pooled',
  'undici-agent',
  'undici-client',
  'fetch',
  'got',
  'axios',
  'raw-https',
];

const BODY_BYTES = 100_000;
const AT_ONCE = 4;
const PATIENCE_MS = 3_000;
/** Longer than a pooled connection of Ferry may rest unproven, shorter than any peer keeps one. */
const REST_MS = 1_200;
/** Variants whose connections are dropped silently side by side. */
const SILENT_AT_A_TIME = 4;

export interface FirePlan {
  readonly variants: readonly VariantName[];
  readonly troubles: readonly Trouble[];
  readonly rounds: number;
  readonly uploads: number;
  /** Uploads that find their connection gone silently, each of a client of its own. */
  readonly drops: number;
}

function describeTrouble(trouble: Trouble): string {
  switch (trouble.kind) {
    case 'stream-reset':
      return `${100 / trouble.every} % of streams reset`;
    case 'connection-dies':
      return `a connection dies every ${trouble.every} uploads`;
    case 'silent-drop':
      return 'idle connections dropped silently';
  }
}

/** A trouble a step: ours beside the peers as they come. */
export function fireSteps(plan: FirePlan): Step[] {
  return plan.troubles.map((trouble) => ({
    part: 'fire',
    name: describeTrouble(trouble),
    seconds: fireSeconds(trouble, plan),
    run: async (failed) => ({ measurements: await measureTrouble(trouble, plan, failed) }),
  }));
}

/** The retries' waits are most of it, or the patience of those whose connections are gone. */
function fireSeconds(trouble: Trouble, { drops, rounds, variants, uploads }: FirePlan): number {
  return trouble.kind === 'silent-drop'
    ? Math.ceil(variants.length / SILENT_AT_A_TIME) * (3 + drops * 0.15 + (REST_MS + PATIENCE_MS) / 1_000)
    : rounds * variants.length * (2 * CLIENT_SECONDS + uploads / 400);
}

async function measureTrouble(trouble: Trouble, plan: FirePlan, failed: OnFailure): Promise<Measurement[]> {
  const silent = trouble.kind === 'silent-drop';
  const run = async (variant: VariantName): Promise<Measured> => {
    // A server of its own for each run: who is struck must not depend on who came before.
    const sink = await startSink(silent ? {} : { trouble });
    const job: FireJob = {
      type: 'fire',
      variant,
      target: sink.target,
      trouble,
      bodyBytes: BODY_BYTES,
      atOnce: silent ? 1 : AT_ONCE,
      warmUps: 5,
      uploads: silent ? plan.drops : plan.uploads,
      restMs: silent ? REST_MS : 0,
      patienceMs: PATIENCE_MS,
    };
    try {
      return await runJob(job);
    } finally {
      await sink.stop();
    }
  };
  const onFailure = (variant: VariantName, round: number, error: unknown): void =>
    failed(`${describeTrouble(trouble)}: ${VARIANTS[variant].label}, round ${round + 1}`, error);
  const measure = (variants: readonly VariantName[]) =>
    inRoundsDespiteFailures(variants, silent ? 1 : plan.rounds, run, onFailure);
  const measured = silent ? await sideBySide(plan.variants, measure) : [await measure(plan.variants)];
  return measured.flatMap((each) =>
    [...each].map(([variant, rounds]) => measurementOf(variant, trouble, rounds)),
  );
}

/**
 * A few at a time: in silence they mostly rest and wait. All at once they would not, since each loads its libraries and certificates, and
 * finds the others busy with theirs when it measures its first round trip.
 */
async function sideBySide<T>(
  variants: readonly VariantName[],
  measure: (variants: readonly VariantName[]) => Promise<T>,
): Promise<T[]> {
  const measured: T[] = [];
  for (let i = 0; i < variants.length; i += SILENT_AT_A_TIME) {
    const group = variants.slice(i, i + SILENT_AT_A_TIME);
    measured.push(...(await Promise.all(group.map((variant) => measure([variant])))));
  }
  return measured;
}

function measurementOf(
  variant: VariantName,
  trouble: Trouble,
  rounds: readonly (Measured | undefined)[],
): Measurement {
  const distribution = distributionOf(rounds.flatMap((round) => round?.latenciesMs ?? []));
  return {
    part: 'fire',
    setting: {
      bodyBytes: BODY_BYTES,
      atOnce: trouble.kind === 'silent-drop' ? 1 : AT_ONCE,
      trouble: describeTrouble(trouble),
    },
    variant,
    label: VARIANTS[variant].label,
    rounds: rounds.map(roundOf),
    ...(distribution !== undefined && { distribution }),
  };
}

function roundOf(measured: Measured | undefined): Round {
  if (measured === undefined) return {};
  const { latenciesMs, failures = 0 } = measured;
  const requests = latenciesMs.length + failures;
  return {
    requests,
    failures,
    successRate: latenciesMs.length / requests,
    ...latencyFigures(latenciesMs),
  };
}

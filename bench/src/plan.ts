import { FIRE_VARIANTS, type FirePlan, TROUBLES } from './fire/fire.ts';
import { FULL_DESIGN, QUICK_DESIGN, SMOKE_DESIGN } from './gateway/design.ts';
import { PROFILE_NAMES } from './gateway/profiles.ts';
import type { GatewayPlan } from './gateway/run-gateway.ts';
import type { BundlePlan } from './promises/bundle.ts';
import type { CutThroughPlan } from './promises/cut-through.ts';
import type { OverheadPlan } from './promises/overhead.ts';
import { CELLS, type Cell, LARGE_TOGETHER, SMALL_ALONE } from './transports/cell.ts';
import { UPLINK_BYTES_PER_SECOND } from './transports/distance.ts';
import type { TransportPlan } from './transports/measure.ts';
import { DEFAULT_VARIANTS, type VariantName } from './transports/variants.ts';

export type Mode = 'quick' | 'full' | 'smoke';

export const PARTS = ['transports', 'promises', 'gateway', 'fire'] as const;
export type PartName = (typeof PARTS)[number];

/** The rows that are measured by themselves; those of speed come from the transports. */
export interface PromisePlan {
  readonly prewarmed: { readonly rounds: number; readonly uploads: number };
  readonly bundle: BundlePlan;
  readonly cutThrough: CutThroughPlan;
  readonly overhead: OverheadPlan;
  readonly memory: { readonly variants: readonly VariantName[]; readonly megabytes: number };
  readonly evictions: number;
  readonly retries: number;
}

export interface Plan {
  readonly mode: Mode;
  readonly gateway: GatewayPlan;
  readonly transports: TransportPlan;
  readonly fire: FirePlan;
  readonly promises: PromisePlan;
}

const OURS: readonly VariantName[] = ['undici-pooled', 'undici-fresh', 'http1-pooled', 'http1-fresh'];

/** Those that the promises speak of. */
const QUICK_CLIENTS: readonly VariantName[] = [
  'undici-pooled',
  'raw-h2',
  'undici-agent',
  'fetch',
  'got',
  'h2load',
];

/** One small body at a time, and all sizes together. */
const FULL_CELLS: readonly Cell[] = [
  SMALL_ALONE,
  ...CELLS.filter(({ atOnce }) => atOnce === LARGE_TOGETHER.atOnce),
];

const UPLINK = { bytesPerSecond: UPLINK_BYTES_PER_SECOND } as const;

/** With 400 ms much of the gateway's code is not compiled yet, and a request that takes seconds would be its own warm-up. */
const WARM = { ...UPLINK, warmUpMs: 1_000, warmUpRequests: 2, maxMs: 90_000 } as const;
const COLD = { ...UPLINK, warmUpMs: 0, warmUpRequests: 1, measureMs: 0, maxMs: 20_000 } as const;

/** Of two clients that lose the same uploads, one tells it. */
const NOT_UNDER_QUICK_FIRE: ReadonlySet<VariantName> = new Set(['undici-client', 'raw-https', 'axios']);

const PLANS: Readonly<Record<Mode, Plan>> = {
  /** About 25 minutes on two cores when nothing else runs: half of it the gateway, two fifths the transports. */
  full: {
    mode: 'full',
    gateway: {
      settings: FULL_DESIGN,
      profiles: PROFILE_NAMES,
      rounds: 2,
      ...WARM,
      measureMs: 2_000,
      minRequests: 5,
      minEach: 3,
    },
    transports: {
      cells: FULL_CELLS,
      variants: DEFAULT_VARIANTS,
      rounds: 2,
      warmUpMs: 1_200,
      measureMs: 800,
      promised: { rounds: 3, warmUpMs: { alone: 9_000, together: 3_800, large: 1_200 }, measureMs: 1_600 },
    },
    fire: { variants: FIRE_VARIANTS, troubles: TROUBLES, rounds: 2, uploads: 200, drops: 20 },
    promises: {
      prewarmed: { rounds: 2, uploads: 5 },
      bundle: { rounds: 3, warmUpMs: 400, measureMs: 300 },
      cutThrough: { rounds: 2, megabytes: 5 },
      overhead: { rounds: 3, ...WARM, measureMs: 1_500, minRequests: 34, minEach: 5 },
      memory: { variants: OURS, megabytes: 1_000 },
      evictions: 7,
      retries: 40,
    },
  },
  /** Under 3 minutes. */
  quick: {
    mode: 'quick',
    gateway: {
      settings: QUICK_DESIGN,
      profiles: PROFILE_NAMES.filter((name) => name !== 'http1-fresh'),
      rounds: 1,
      ...WARM,
      measureMs: 600,
      minRequests: 5,
      minEach: 3,
    },
    transports: {
      cells: [SMALL_ALONE, LARGE_TOGETHER],
      variants: QUICK_CLIENTS,
      rounds: 1,
      warmUpMs: 1_500,
      measureMs: 1_000,
      promised: { rounds: 1, warmUpMs: { alone: 1_500, together: 1_000, large: 500 }, measureMs: 1_000 },
    },
    fire: {
      variants: FIRE_VARIANTS.filter((name) => !NOT_UNDER_QUICK_FIRE.has(name)),
      troubles: TROUBLES,
      rounds: 1,
      uploads: 120,
      drops: 5,
    },
    promises: {
      prewarmed: { rounds: 1, uploads: 3 },
      bundle: { rounds: 1, warmUpMs: 400, measureMs: 300 },
      cutThrough: { rounds: 1, megabytes: 2 },
      overhead: { rounds: 1, ...WARM, measureMs: 1_000, minRequests: 20, minEach: 4 },
      memory: { variants: ['undici-pooled'], megabytes: 1_000 },
      evictions: 3,
      retries: 12,
    },
  },
  /** Seconds: whether every part runs. Its figures mean nothing. */
  smoke: {
    mode: 'smoke',
    gateway: {
      settings: SMOKE_DESIGN,
      profiles: ['undici-pooled'],
      rounds: 1,
      ...COLD,
      minRequests: 4,
      minEach: 1,
    },
    transports: {
      cells: [SMALL_ALONE],
      variants: ['undici-pooled', 'raw-h2', 'axios'],
      rounds: 1,
      warmUpMs: 0,
      measureMs: 50,
      promised: { rounds: 1, warmUpMs: { alone: 0, together: 0, large: 0 }, measureMs: 50 },
    },
    fire: { variants: ['undici-pooled', 'axios'], troubles: TROUBLES, rounds: 1, uploads: 40, drops: 2 },
    promises: {
      prewarmed: { rounds: 1, uploads: 1 },
      bundle: { rounds: 1, warmUpMs: 0, measureMs: 0 },
      cutThrough: { rounds: 1, megabytes: 1 },
      overhead: { rounds: 1, ...COLD, minRequests: 3, minEach: 1 },
      memory: { variants: ['undici-pooled'], megabytes: 20 },
      evictions: 1,
      retries: 2,
    },
  },
};

export function planOf(mode: Mode): Plan {
  return PLANS[mode];
}

import type { Setting } from '../results/measurement.ts';

/** A load through the gateway: every axis has a value. */
export type GatewaySetting = Required<Omit<Setting, 'trouble'>>;

const SMALL_WINDOW = 64 * 1024;
const LARGE_WINDOW = 1024 * 1024;

/** Their full product is 54 loads. */
export const AXES = {
  bodyBytes: [100_000, 1_000_000, 10_000_000],
  roundTripMs: [0, 50, 100],
  windowBytes: [SMALL_WINDOW, LARGE_WINDOW],
  atOnce: [1, 8, 32],
} as const satisfies Readonly<Record<keyof GatewaySetting, readonly number[]>>;

/** Where an axis stays while another is varied. */
export const CENTRE: GatewaySetting = {
  bodyBytes: 1_000_000,
  roundTripMs: 50,
  windowBytes: LARGE_WINDOW,
  atOnce: 8,
};

const from = (change: Partial<GatewaySetting>): GatewaySetting => ({ ...CENTRE, ...change });

/**
 * All values of all axes would be 54 loads for each profile. Instead each axis is varied while the others stay at the centre. Distances
 * are varied one at a time: with 8 at once on two cores requests wait for processors, which hides what a connection costs. The
 * corner is added in which axes are known to act together: a small window far away, where HTTP/2 loses.
 */
export const FULL_DESIGN: readonly GatewaySetting[] = [
  CENTRE,
  from({ bodyBytes: 100_000 }),
  from({ bodyBytes: 10_000_000 }),
  from({ roundTripMs: 0 }),
  from({ windowBytes: SMALL_WINDOW }),
  from({ atOnce: 32 }),
  from({ roundTripMs: 0, atOnce: 1 }),
  from({ atOnce: 1 }),
  from({ roundTripMs: 100, atOnce: 1 }),
  from({ roundTripMs: 100, windowBytes: SMALL_WINDOW, atOnce: 1 }),
];

export const QUICK_DESIGN: readonly GatewaySetting[] = [CENTRE, from({ roundTripMs: 0 })];

/** The upstream beside the gateway: what the gateway itself takes, alone and under load. */
export const NEAR_ALONE: GatewaySetting = from({ roundTripMs: 0, atOnce: 1 });
export const NEAR_TOGETHER: GatewaySetting = from({ roundTripMs: 0, atOnce: 8 });

/** So short that only the parts are tried, not a machine. */
export const SMOKE_DESIGN: readonly GatewaySetting[] = [
  { ...CENTRE, bodyBytes: 100_000, roundTripMs: 4, atOnce: 2 },
];

import { z } from 'zod';
import { isMetric, type Measurement } from './measurement.ts';
import type { NamedRow } from './named-row.ts';

/** The machine and what ran on it. */
export interface Machine {
  readonly startedAt: string;
  readonly commit: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGigabytes: number;
  readonly platform: string;
  /** Load averages over one minute at the start and at the end. */
  readonly load: readonly number[];
  readonly versions: Readonly<Record<string, string>>;
}

/** Something that could not be measured. */
export interface Failure {
  readonly part: string;
  /** The load and the client, such as `1 MB x 8: got, round 2`. */
  readonly what: string;
  readonly message: string;
}

/** A run. */
export interface Results {
  readonly format: 1;
  readonly mode: string;
  /** Those that were asked for. */
  readonly parts: readonly string[];
  readonly seconds: number;
  readonly machine: Machine;
  readonly rows: readonly NamedRow[];
  readonly measurements: readonly Measurement[];
  readonly failures: readonly Failure[];
}

const round = z.record(z.string().refine(isMetric), z.number());

const schema = z.object({
  format: z.literal(1),
  mode: z.string(),
  // Reports of the first runs had none of the two lists.
  parts: z.array(z.string()).default([]),
  seconds: z.number(),
  machine: z.object({
    startedAt: z.string(),
    commit: z.string(),
    cpu: z.string(),
    cores: z.number(),
    memoryGigabytes: z.number(),
    platform: z.string(),
    load: z.array(z.number()),
    versions: z.record(z.string(), z.string()),
  }),
  rows: z.array(
    z.object({
      id: z.string(),
      promise: z.string(),
      bar: z.object({ kind: z.enum(['at most', 'at least']), value: z.number(), unit: z.string() }),
      aim: z.boolean(),
      measured: z.array(z.number()).min(1),
      note: z.string(),
    }),
  ),
  measurements: z.array(
    z.object({
      part: z.enum(['gateway', 'transports', 'fire']),
      setting: z.object({
        bodyBytes: z.number(),
        atOnce: z.number(),
        roundTripMs: z.number().optional(),
        windowBytes: z.number().optional(),
        trouble: z.string().optional(),
      }),
      variant: z.string(),
      label: z.string(),
      rounds: z.array(round).min(1),
      distribution: z.array(z.number()).optional(),
    }),
  ),
  failures: z.array(z.object({ part: z.string(), what: z.string(), message: z.string() })).default([]),
});

/** Reads results that a run wrote. @throws Error that says what is wrong with them. */
export function parseResults(text: string): Results {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error('not JSON');
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new Error(`not results of this bench: ${z.prettifyError(parsed.error)}`);
  return parsed.data as Results;
}

/** As a file: figures to six significant digits, a measurement a line. */
export function formatResults(results: Results): string {
  const short = (_key: string, value: unknown): unknown =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
  const { rows, measurements, failures, ...rest } = results;
  const list = (items: readonly object[]): string =>
    items.length === 0
      ? '[]'
      : `[\n${items.map((item) => `    ${JSON.stringify(item, short)}`).join(',\n')}\n  ]`;
  const head = JSON.stringify(rest, short, 2).replace(/\n}$/, '');
  return `${head},\n  "rows": ${list(rows)},\n  "measurements": ${list(measurements)},\n  "failures": ${list(failures)}\n}\n`;
}

import type { Config } from '../config/schema.ts';

/** The sections whose keys can be changed while the gateway runs. */
export const RUNTIME_SECTIONS = [
  'upload',
  'pool',
  'retry',
  'limits',
  'fallback',
  'alerts',
] as const satisfies readonly (keyof Config)[];

export type RuntimeSection = (typeof RUNTIME_SECTIONS)[number];

/** What can change while the gateway runs. */
export type RuntimeConfig = Pick<Config, RuntimeSection>;

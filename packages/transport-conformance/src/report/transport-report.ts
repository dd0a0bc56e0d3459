import type { Protocol } from '@ferry/core';
import type { ProfileName } from '../expectation.ts';
import type { Growth } from '../memory/growth.ts';

/** How one case went for one profile. */
export interface CaseReport {
  readonly row: number;
  readonly title: string;
  readonly profile: ProfileName;
  /** `differs`: as declared. `known`: fails, as declared. `n/a`: it cannot be met here, and is not played. */
  readonly result: 'passes' | 'differs' | 'known' | 'fails' | 'n/a';
  /** How the upload ended, where there was one. */
  readonly observed: string;
  /** Findings of a failure, or the reason of a difference, or why it does not apply. */
  readonly notes: readonly string[];
  /** What was measured, in words. */
  readonly measured?: string;
}

/** One transport's run. */
export interface TransportReport {
  readonly transport: string;
  readonly protocol: Protocol;
  /** Those that played; the matrix has no column for others. */
  readonly profiles: readonly ProfileName[];
  /** ISO 8601. */
  readonly at: string;
  readonly cases: readonly CaseReport[];
  readonly churn?: ChurnReport;
}

/** What a churn came to. */
export interface ChurnReport {
  readonly seed: number;
  readonly sends: number;
  /** How often which ending was seen. */
  readonly endings: Readonly<Record<string, number>>;
  /** What the process held after each round; not in the reports of older runs. */
  readonly memory?: Growth;
  /** What was kept for each send, in bytes, by the slope of that. */
  readonly kept?: number;
}

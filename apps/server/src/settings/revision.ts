import type { Overrides } from './overrides.ts';
import type { SettingDiff } from './settings-diff.ts';

/** What is new in a revision before it has a number and a time. */
export interface NewRevision {
  readonly who: string;
  readonly why: string;
  /** As seen by the instance that made it. */
  readonly changes: readonly SettingDiff[];
  /** All that is changed with it, not only by it. */
  readonly overrides: Overrides;
  /** The revision whose settings it brings back. */
  readonly rollbackTo?: number | undefined;
}

/** A change of settings that was made. Revisions are numbered without a gap; 0 is the configuration itself. */
export interface Revision extends NewRevision {
  readonly id: number;
  readonly at: Date;
}

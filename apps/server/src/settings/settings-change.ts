import type { Config } from '../config/schema.ts';
import type { Tx } from '../database/database.ts';
import type { Revision } from './revision.ts';
import type { SettingDiff } from './settings-diff.ts';
import type { SettingsState } from './settings-state.ts';

/** How a change is asked for. */
export interface ChangeOptions {
  /** Who asks, as the history names them. */
  readonly who: string;
  /** The revision they have seen; undefined when it does not matter what was changed meanwhile. */
  readonly base: number | undefined;
  /** Only tells what would change. */
  readonly dryRun: boolean;
  /** Told what is about to change, before anything does; not when nothing differs. Must not throw. */
  onPlan?(before: Config, after: Config): void;
  /** What else is kept with the revision, in one transaction. */
  readonly also?: (tx: Tx, kept: Revision) => Promise<void>;
}

/** What came of it. */
export interface ChangeOutcome {
  readonly changes: readonly SettingDiff[];
  readonly before: SettingsState;
  /** As it is, or would be. */
  readonly after: SettingsState;
}

import type { Config } from '../config/schema.ts';
import type { LastKnownRevision } from './last-known.ts';
import { type IgnoredOverride, type Overrides, overlay } from './overrides.ts';
import type { Revision } from './revision.ts';

/** The settings in effect, and where they are from. */
export interface SettingsState {
  /** 0: as configured, nothing has been changed. */
  readonly revision: number;
  /** Who made the revision; undefined for 0. */
  readonly made: { readonly at: Date; readonly who: string; readonly why: string } | undefined;
  readonly overrides: Overrides;
  /** The configuration with the overrides in place. */
  readonly config: Config;
  /** Overrides that this version cannot use. */
  readonly ignored: readonly IgnoredOverride[];
  /**
   * `database`: the newest there is. `last-known`: what was in effect when this instance last ran; the database has not been
   * read yet. `configuration`: neither.
   */
  readonly origin: 'configuration' | 'last-known' | 'database';
}

export function asConfigured(started: Config, origin: SettingsState['origin']): SettingsState {
  return { revision: 0, made: undefined, overrides: {}, config: started, ignored: [], origin };
}

export function fromRevision(started: Config, { id, at, who, why, overrides }: Revision): SettingsState {
  return {
    revision: id,
    made: { at, who, why },
    overrides,
    ...overlay(started, overrides),
    origin: 'database',
  };
}

export function fromLastKnown(started: Config, known: LastKnownRevision): SettingsState {
  const { revision, at, who, why, overrides } = known;
  return {
    revision,
    made: { at, who, why },
    overrides,
    ...overlay(started, overrides),
    origin: 'last-known',
  };
}

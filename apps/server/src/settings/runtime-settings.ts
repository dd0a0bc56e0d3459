import type { Logger } from '@ferry/core';
import type { Config } from '../config/schema.ts';
import type { RuntimeConfig } from './runtime-config.ts';

/** Settings as they were and as they are. Both are whole, valid and never changed again. */
export interface SettingsChange {
  readonly before: Config;
  readonly after: Config;
}

/**
 * The configuration as it is at this moment: the one Ferry was started with, under the runtime settings that were changed
 * since. Whoever works for long takes `current` once and keeps it: a request ends with the settings it began with.
 */
export class RuntimeSettings {
  readonly #logger: Logger;
  readonly #listeners = new Set<(change: SettingsChange) => void>();
  #current: Config;

  constructor(started: Config, logger: Logger) {
    this.#current = frozen(started);
    this.#logger = logger;
  }

  /** An immutable snapshot; a change replaces it. */
  get current(): Config {
    return this.#current;
  }

  /**
   * Calls `listener` after each change, before anything else runs, so that all parts change together.
   * @returns what stops it.
   */
  onChange(listener: (change: SettingsChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Puts settings into effect. They must have been validated. */
  apply(settings: RuntimeConfig): void {
    const before = this.#current;
    const after = frozen({ ...before, ...settings });
    this.#current = after;
    for (const listener of this.#listeners) {
      try {
        listener({ before, after });
      } catch (error) {
        // The other parts must change all the same: half of them would be worse than one.
        this.#logger.error({ err: error }, 'A part of the gateway could not take over changed settings');
      }
    }
  }
}

/** Somebody may hold it for minutes, and nobody may change it under them. */
function frozen(config: Config): Config {
  for (const section of Object.values(config)) Object.freeze(section);
  return Object.freeze(config);
}

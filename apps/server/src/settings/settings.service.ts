import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '@ferry/core';
import type { Config } from '../config/schema.ts';
import type { Tx } from '../database/database.ts';
import { DatabaseUnavailable } from '../database/database-unavailable.ts';
import type { LastKnown } from './last-known.ts';
import { type Overrides, withValues } from './overrides.ts';
import type { Revision } from './revision.ts';
import type { RuntimeSettings } from './runtime-settings.ts';
import { diffOf, type SettingDiff } from './settings-diff.ts';
import { noSuchRevision, nothingBefore, settingsConflict, unfit } from './settings-errors.ts';
import type { SettingsHistory } from './settings-history.ts';
import { asConfigured, fromLastKnown, fromRevision, type SettingsState } from './settings-state.ts';

export interface SettingsParts {
  /** What Ferry was started with. */
  readonly started: Config;
  readonly runtime: RuntimeSettings;
  readonly history: SettingsHistory;
  readonly lastKnown: LastKnown;
  readonly logger: Logger;
}

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

export interface ChangeOutcome {
  readonly changes: readonly SettingDiff[];
  readonly before: SettingsState;
  /** As it is, or would be. */
  readonly after: SettingsState;
}

/** Instances that change settings at once take turns; one that loses so often is not let down by chance. */
const MAX_TRIES = 10;
/** Revisions that a conflict names. */
const MAX_NAMED = 20;

/**
 * Changes of settings: made once, in effect in every instance, undone in one step. It knows nothing of HTTP; the API and a
 * command line stand on it alike.
 */
export class SettingsService {
  readonly #parts: SettingsParts;
  #state: SettingsState;
  /** Changes and readings of this process run one after the other, so that an older reading never follows a newer one. */
  #turn: Promise<unknown> = Promise.resolve();
  #unsubscribe: () => void = () => undefined;

  constructor(parts: SettingsParts) {
    this.#parts = parts;
    this.#state = asConfigured(parts.started, 'configuration');
  }

  get state(): SettingsState {
    return this.#state;
  }

  /** Puts the settings last known into effect, and from now on the newest as soon as there are any. Never throws. */
  async start(): Promise<void> {
    const { started, lastKnown, history, logger } = this.#parts;
    try {
      const known = await lastKnown.read();
      if (known !== undefined) await this.#adopt(fromLastKnown(started, known));
    } catch (error) {
      logger.warn(
        { err: error },
        'The settings last known cannot be read; they are as configured until the database is there',
      );
    }
    this.#unsubscribe = history.onNews(() => void this.#inTurn(() => this.#lookAgain()));
  }

  /** Resolves when all that was asked for or heard of by now has been dealt with. */
  async settled(): Promise<void> {
    await this.#turn;
  }

  /** Resolves when nothing of it runs any more. */
  async stop(): Promise<void> {
    this.#unsubscribe();
    await this.#turn;
  }

  /**
   * Changes settings. Without a difference nothing is kept.
   * @param values by key; null returns a setting to the configuration.
   * @throws GatewayError 409 when `base` is not the newest revision any more; DatabaseUnavailable.
   */
  change(values: ReadonlyMap<string, unknown>, why: string, options: ChangeOptions): Promise<ChangeOutcome> {
    return this.#propose(options, async ({ config, overrides }) => {
      const next = withValues(config, overrides, values);
      return { overrides: next, why };
    });
  }

  /**
   * Brings the settings of an earlier revision back, as a new revision.
   * @param to default the one before the newest; 0 is the configuration.
   * @throws GatewayError 404 when there is no such revision, 409 as `change`; DatabaseUnavailable.
   */
  rollback(to: number | undefined, why: string | undefined, options: ChangeOptions): Promise<ChangeOutcome> {
    return this.#propose(options, async ({ revision }) => {
      if (to === undefined && revision === 0) throw nothingBefore();
      const target = to ?? revision - 1;
      const found = target === 0 ? { overrides: {} } : await this.#parts.history.find(target);
      if (found === undefined || target > revision) throw noSuchRevision(target);
      return {
        overrides: found.overrides,
        why: why ?? `Roll back to revision ${target}`,
        rollbackTo: target,
      };
    });
  }

  #propose(
    { who, base, dryRun, onPlan, also }: ChangeOptions,
    decide: (state: SettingsState) => Promise<{ overrides: Overrides; why: string; rollbackTo?: number }>,
  ): Promise<ChangeOutcome> {
    return this.#inTurn(async () => {
      const { started, history } = this.#parts;
      for (let tries = 1; ; tries += 1) {
        await this.#refresh(dryRun);
        const before = this.#state;
        if (base !== undefined && base !== before.revision) throw await this.#conflict(base);
        const decided = await decide(before);
        const changes = diffOf(started, before.overrides, decided.overrides);
        const after = fromRevision(started, {
          id: before.revision + 1,
          at: new Date(),
          who,
          changes,
          ...decided,
        });
        const refused = after.ignored.find(({ key }) =>
          changes.some((change) => change.key === key && !change.configured),
        );
        if (refused !== undefined && decided.rollbackTo === undefined) throw unfit(refused);
        if (changes.length === 0) return { changes, before, after: before };
        onPlan?.(before.config, after.config);
        if (dryRun) return { changes, before, after };
        const made = await history.append(before.revision, { who, changes, ...decided }, also);
        if (made !== undefined) {
          this.#announce(made);
          await this.#adopt(fromRevision(started, made));
          return { changes, before, after: this.#state };
        }
        // Another instance was faster. Whoever minds says so with `base`.
        if (tries === MAX_TRIES) throw await this.#conflict(before.revision);
      }
    });
  }

  async #lookAgain(): Promise<void> {
    try {
      await this.#refresh(false);
    } catch (error) {
      // It comes back with news.
      if (DatabaseUnavailable.is(error)) return;
      // drizzle's own message holds the query.
      const err = error instanceof Error ? (error.cause ?? error) : error;
      this.#parts.logger.error({ err }, 'The settings cannot be read; those last known stay in effect');
    }
  }

  /** @param orLastKnown whether what is known will do while the database is away. */
  async #refresh(orLastKnown: boolean): Promise<void> {
    const { started, history, lastKnown, logger } = this.#parts;
    let latest: Revision | undefined;
    try {
      latest = await history.latest();
    } catch (error) {
      if (orLastKnown && DatabaseUnavailable.is(error)) return;
      throw error;
    }
    if (latest !== undefined) return await this.#adopt(fromRevision(started, latest));
    if (this.#state.revision > 0) {
      logger.warn(
        { revision: this.#state.revision },
        'The database knows no revision of the settings: they are as configured',
      );
    }
    await this.#adopt(asConfigured(started, 'database'));
    await lastKnown.remove();
  }

  async #adopt(state: SettingsState): Promise<void> {
    const before = this.#state;
    this.#state = state;
    if (before.revision === state.revision && isDeepStrictEqual(before.overrides, state.overrides)) return;
    const { runtime, lastKnown, logger } = this.#parts;
    for (const { key, why } of state.ignored) {
      logger.warn({ revision: state.revision, key }, `A stored setting is ignored: ${key}: ${why}`);
    }
    runtime.apply(state.config);
    const { revision, made, overrides, origin } = state;
    logger.info(
      { revision, origin, keys: Object.keys(overrides) },
      `Settings revision ${revision} is in effect`,
    );
    if (origin !== 'database' || made === undefined) return;
    try {
      await lastKnown.write({ revision, ...made, overrides });
    } catch (error) {
      logger.warn({ err: error }, 'The settings cannot be kept for a start without the database');
    }
  }

  #announce({ id, who, why, changes }: Revision): void {
    const words = changes.map(
      ({ key, from, to }) => `${key} ${JSON.stringify(from)} -> ${JSON.stringify(to)}`,
    );
    this.#parts.logger.info(
      { revision: id, who, why, changes },
      `Settings revision ${id} by ${who}: ${words.join(', ')}`,
    );
  }

  async #conflict(base: number): Promise<Error> {
    const { revision } = this.#state;
    return settingsConflict(base, revision, await this.#parts.history.since(base, MAX_NAMED));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

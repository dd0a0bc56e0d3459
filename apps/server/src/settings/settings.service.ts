import { isDeepStrictEqual } from 'node:util';
import { type Logger, sleep } from '@ferry/core';
import type { Config } from '../config/schema.ts';
import { DatabaseUnavailable } from '../database/database-unavailable.ts';
import type { LastKnown } from './last-known.ts';
import { withValues } from './overrides.ts';
import type { NewRevision, Revision } from './revision.ts';
import type { RuntimeSettings } from './runtime-settings.ts';
import type { ChangeOptions, ChangeOutcome } from './settings-change.ts';
import { diffOf } from './settings-diff.ts';
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

type Decided = Pick<NewRevision, 'overrides' | 'why' | 'rollbackTo'>;

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
  readonly #read = Promise.withResolvers<void>();

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

  /**
   * Waits for the database to be read once, but not for long: what is known, or configured, will do.
   * @param patienceMs milliseconds.
   */
  async read(patienceMs: number): Promise<void> {
    const patience = new AbortController();
    const late = sleep(patienceMs, patience.signal).catch(() => undefined);
    await Promise.race([this.#read.promise, late]);
    patience.abort();
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
    options: ChangeOptions,
    decide: (state: SettingsState) => Promise<Decided>,
  ): Promise<ChangeOutcome> {
    const { who, base, dryRun, onPlan, also } = options;
    return this.#inTurn(async () => {
      for (let tries = 1; ; tries += 1) {
        await this.#refresh(dryRun);
        const before = this.#state;
        if (base !== undefined && base !== before.revision) throw await this.#conflict(base);
        const decided = await decide(before);
        const { changes, after } = this.#plan(before, decided, who);
        if (changes.length === 0) return { changes, before, after: before };
        onPlan?.(before.config, after.config);
        if (dryRun) return { changes, before, after };
        const made = await this.#parts.history.append(before.revision, { who, changes, ...decided }, also);
        if (made !== undefined) {
          this.#announce(made);
          await this.#adopt(fromRevision(this.#parts.started, made));
          return { changes, before, after: this.#state };
        }
        // Another instance was faster. Whoever minds says so with `base`.
        if (tries === MAX_TRIES) throw await this.#conflict(before.revision);
      }
    });
  }

  /** @throws GatewayError 400 when the new values contradict each other or the configuration. */
  #plan(before: SettingsState, decided: Decided, who: string): Pick<ChangeOutcome, 'changes' | 'after'> {
    const { started } = this.#parts;
    const changes = diffOf(started, before.overrides, decided.overrides);
    const next = { id: before.revision + 1, at: new Date(), who, changes, ...decided };
    const after = fromRevision(started, next);
    const set = new Set(changes.flatMap(({ key, configured }) => (configured ? [] : [key])));
    const refused = after.ignored.find(({ key }) => set.has(key));
    // A rollback brings back what there was, as far as this version can use it.
    if (refused !== undefined && decided.rollbackTo === undefined) throw unfit(refused);
    return { changes, after };
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
    const { started, history } = this.#parts;
    let latest: Revision | undefined;
    try {
      latest = await history.latest();
    } catch (error) {
      if (orLastKnown && DatabaseUnavailable.is(error)) return;
      throw error;
    }
    if (latest !== undefined) await this.#adopt(fromRevision(started, latest));
    else await this.#adoptNone();
    this.#read.resolve();
  }

  /** The database is right, also when it has been replaced by an empty one. */
  async #adoptNone(): Promise<void> {
    const { started, logger } = this.#parts;
    if (this.#state.revision > 0) {
      logger.warn(
        { revision: this.#state.revision },
        'The database knows no revision of the settings: they are as configured',
      );
    }
    await this.#adopt(asConfigured(started, 'database'));
  }

  async #adopt(state: SettingsState): Promise<void> {
    const before = this.#state;
    this.#state = state;
    if (before.revision === state.revision && isDeepStrictEqual(before.overrides, state.overrides)) return;
    const { runtime, logger } = this.#parts;
    for (const { key, why } of state.ignored) {
      logger.warn({ revision: state.revision, key }, `A stored setting is ignored: ${key}: ${why}`);
    }
    runtime.apply(state.config);
    const { revision, origin } = state;
    const fields = { revision, origin, keys: Object.keys(state.overrides) };
    logger.info(fields, `Settings revision ${revision} is in effect`);
    if (origin === 'database') await this.#keep(state);
  }

  /** For the next start, should the database be away then. */
  async #keep({ revision, made, overrides }: SettingsState): Promise<void> {
    const { lastKnown, logger } = this.#parts;
    try {
      if (made === undefined) await lastKnown.remove();
      else await lastKnown.write({ revision, ...made, overrides });
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

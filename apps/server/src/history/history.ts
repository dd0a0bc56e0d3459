import { sleep } from '@ferry/core';
import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import type { Database } from '../database/database.ts';
import { DatabaseUnavailable } from '../database/database-unavailable.ts';
import type { CallView } from '../telemetry/call-view.ts';
import { callView } from '../telemetry/call-view.ts';
import type { RecentCalls } from '../telemetry/recent-calls.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { type CallQuery, pageOf } from './call-page.ts';
import { type EndedCall, EndedCalls } from './ended-calls.ts';
import type { HistoryStore } from './history-store.ts';
import { MINUTE_MS, type Minute, RecentMinutes } from './minute.ts';
import { WriteBuffer } from './write-buffer.ts';

/** Calls that may wait for the database; some 2 kB each. */
const MAX_WAITING = 5_000;
/** Calls that one transaction writes. */
const BATCH = 250;
/** How often what has ended is written. Milliseconds. */
const WRITE_MS = 500;
const SWEEP_MS = 600_000;
/** How long a stop waits for the last ones. Milliseconds. */
const LAST_WRITE_MS = 2_000;
/** The longest series there is without the database. */
const MINUTES_IN_MEMORY = 24 * 60;

export interface HistoryParts {
  readonly settings: Config['history'];
  readonly database: Database;
  readonly store: HistoryStore;
  readonly recent: RecentCalls;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
}

/** How the history does; `off`: there is no database. */
export interface HistoryState {
  readonly state: 'on' | 'away' | 'off';
  /** Calls that wait to be written. */
  readonly waiting: number;
  /** Calls that were given up since the start, because the database was away for too long. */
  readonly dropped: number;
}

/**
 * Keeps what becomes of uploads and edits in the database, in batches and behind the back of the requests: a call's end costs
 * them one `push`. While the database is away, memory answers for it.
 */
export class History {
  readonly #parts: HistoryParts;
  readonly #buffer = new WriteBuffer<EndedCall>(MAX_WAITING);
  readonly #minutes = new RecentMinutes(MINUTES_IN_MEMORY);
  readonly #ends: (() => void)[] = [];
  #writing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(parts: HistoryParts) {
    this.#parts = parts;
    const calls = new EndedCalls((call) => this.#keep(call));
    this.#ends.push(parts.telemetry.subscribe('history', calls.hear));
  }

  start(): void {
    this.#every(WRITE_MS, () => this.#write());
    this.#every(SWEEP_MS, () => this.#sweep());
    this.#ends.push(this.#parts.database.onUp(() => void this.#sweep()));
  }

  /** Writes what has ended, for a moment at most. Leaves no timer and no listener. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const end of this.#ends.splice(0)) end();
    const { clock } = this.#parts.telemetry;
    const late = new AbortController();
    const written = this.#write().finally(() => late.abort());
    await Promise.race([written, sleep(LAST_WRITE_MS, late.signal, clock).catch(() => undefined)]);
    const { waiting } = this.#buffer;
    if (waiting > 0 && this.state.state !== 'off') {
      this.#parts.logger.warn({ calls: waiting }, 'The last uploads are not in the history: no database');
    }
  }

  get state(): HistoryState {
    const { kind } = this.#parts.database.state;
    const { waiting, dropped } = this.#buffer;
    return { state: kind === 'up' ? 'on' : kind === 'off' ? 'off' : 'away', waiting, dropped };
  }

  /** A page of calls, newest first; `complete` tells whether the database could be asked. */
  async calls(query: CallQuery): Promise<{ readonly calls: CallView[]; readonly complete: boolean }> {
    const memory = this.#parts.recent.list(query.operation, Number.MAX_SAFE_INTEGER).map(callView);
    const stored = await this.#asked(() => this.#parts.store.calls(query));
    return { calls: pageOf(memory, stored ?? [], query), complete: stored !== undefined };
  }

  /** The minutes since `from` (milliseconds since the Unix epoch); those of this process alone while the database is away. */
  async minutes(from: number): Promise<{ readonly minutes: Minute[]; readonly complete: boolean }> {
    // What has just ended is to be seen in it.
    await this.#write();
    const stored = await this.#asked(() => this.#parts.store.minutes(from));
    return { minutes: stored ?? this.#minutes.since(from), complete: stored !== undefined };
  }

  #keep(call: EndedCall): void {
    this.#minutes.add(call);
    if (this.#parts.database.state.kind !== 'off') this.#buffer.add(call);
  }

  /** One after another: the order of what was put back stays. */
  #write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeAll());
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    const { database, store, logger } = this.#parts;
    while (this.#buffer.waiting > 0 && database.state.kind === 'up') {
      const calls = this.#buffer.take(BATCH);
      try {
        await store.write(calls);
      } catch (error) {
        if (DatabaseUnavailable.is(error)) {
          this.#buffer.putBack(calls);
          return;
        }
        // Written again it would fail again. The message of a failed query holds its values; its cause says what is wrong.
        this.#buffer.giveUp(calls);
        logger.error(
          { err: (error as Error).cause ?? error, calls: calls.length },
          'Cannot write the history',
        );
      }
    }
  }

  async #sweep(): Promise<void> {
    const { database, store, settings, telemetry, logger } = this.#parts;
    if (database.state.kind !== 'up') return;
    try {
      const retention = { retentionDays: settings.retention_days, maxRows: settings.max_rows };
      await store.sweep(retention, telemetry.clock.wallNow());
    } catch (error) {
      if (DatabaseUnavailable.is(error)) return;
      logger.error({ err: (error as Error).cause ?? error }, 'Cannot remove old history');
    }
  }

  /** Undefined while the database is away. */
  async #asked<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (error) {
      if (DatabaseUnavailable.is(error)) return undefined;
      throw error;
    }
  }

  #every(ms: number, work: () => Promise<void>): void {
    let cancel: () => void = () => undefined;
    const next = (): void => {
      if (this.#stopped) return;
      cancel = this.#parts.telemetry.clock.after(ms, () => void work().finally(next), { keepAlive: false });
    };
    this.#ends.push(() => cancel());
    next();
  }
}

/** Minutes of a series begin with a whole one. */
export const firstMinute = (now: number, minutes: number): number =>
  Math.floor(now / MINUTE_MS) * MINUTE_MS - (minutes - 1) * MINUTE_MS;

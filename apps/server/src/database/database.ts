import { type Clock, type Logger, sleep, systemClock } from '@ferry/core';
import { sql } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { PoolClient } from 'pg';
import { connectionError, reasonOf } from './connection-error.ts';
import { type DatabaseState, whyNot } from './database-state.ts';
import { DatabaseUnavailable } from './database-unavailable.ts';
import { migrate } from './migrate.ts';
import { type NotificationHandler, Notifications } from './notifications.ts';
import { Session } from './session.ts';
import type { DatabaseSource } from './source.ts';

/** Queries outside a transaction. */
export type Db = NodePgDatabase;
/** Queries inside one. */
export type Tx = Parameters<Parameters<Db['transaction']>[0]>[0];

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5_000;

export interface DatabaseOptions {
  /** Absent: there is none, and everything that needs it is told so. */
  readonly source: DatabaseSource | undefined;
  readonly poolSize: number;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/**
 * The database as features see it: there, or away with a reason. It connects in the background and comes back by itself;
 * nothing waits for it but who needs it, and that is told at once when it is away.
 */
export class Database {
  readonly #options: DatabaseOptions;
  readonly #clock: Clock;
  readonly #notifications = new Notifications();
  readonly #onUp = new Set<() => void>();
  readonly #stopped = new AbortController();
  #state: DatabaseState;
  #session: Session | undefined;
  #running: Promise<void> | undefined;
  #backoffMs = FIRST_BACKOFF_MS;

  constructor(options: DatabaseOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#state =
      options.source === undefined ? { kind: 'off' } : { kind: 'starting', since: this.#clock.wallNow() };
  }

  get state(): DatabaseState {
    return this.#state;
  }

  /** Begins to connect. Returns at once and never throws. */
  start(): void {
    const { source } = this.#options;
    if (source !== undefined) this.#running ??= this.#run(source);
  }

  /** Leaves no connection, no timer and no server that was started for it. Idempotent. */
  async stop(): Promise<void> {
    this.#stopped.abort(new Error('the server is stopping'));
    await this.#session?.close();
    await this.#running;
    await this.#options.source?.stop();
  }

  /**
   * Queries that need no transaction. Each ends within 12 s.
   * @throws DatabaseUnavailable at once when it is away, or when it goes away meanwhile; else what `work` throws.
   */
  async use<T>(work: (db: Db) => Promise<T>): Promise<T> {
    const session = this.#ready();
    return await this.#told(session, () => work(drizzle(session.pool)));
  }

  /**
   * All of it or nothing. Whether a commit that was cut off took place is not known: `asked` is true then.
   * @throws as `use`.
   */
  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const session = this.#ready();
    return await this.#told(session, async () => {
      const client = await session.pool.connect();
      let broken: Error | undefined;
      const onError = (error: Error): void => {
        broken = error;
      };
      // The pool listens only to idle connections: unheard, the death of a busy one would end the process.
      client.on('error', onError);
      try {
        return await drizzle(client satisfies PoolClient).transaction(work);
      } catch (error) {
        broken ??= connectionError(error);
        throw error;
      } finally {
        client.removeListener('error', onError);
        client.release(broken);
      }
    });
  }

  /**
   * Calls `listener` each time the database has come up, and now if it is: what a feature has to read again because it may
   * have missed a notification. The returned function ends that. The listener must not throw.
   */
  onUp(listener: () => void): () => void {
    this.#onUp.add(listener);
    if (this.#state.kind === 'up') listener();
    return () => this.#onUp.delete(listener);
  }

  /**
   * Hears the notifications of a channel, from any instance, in order. Those sent while the connection was away are lost:
   * `onUp` says when to look for oneself. The returned function ends it. The handler must not throw.
   */
  listen(channel: string, handler: NotificationHandler): () => void {
    if (this.#notifications.add(channel, handler)) this.#tell((session) => session.listen(channel));
    return () => {
      if (this.#notifications.remove(channel, handler)) this.#tell((session) => session.unlisten(channel));
    };
  }

  /** Whoever takes part in the conversation with the line breaks it when that fails: it then comes back whole. */
  #tell(what: (session: Session) => Promise<void>): void {
    const session = this.#session;
    if (session !== undefined) what(session).catch(() => session.probe());
  }

  #ready(): Session {
    if (this.#session !== undefined && this.#state.kind === 'up') return this.#session;
    throw new DatabaseUnavailable(this.#state.kind === 'up' ? 'it is starting' : whyNot(this.#state), {
      asked: false,
      retryAfterMs: this.#state.kind === 'off' ? MAX_BACKOFF_MS : 1_000,
    });
  }

  async #told<T>(session: Session, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const cause = connectionError(error);
      if (cause === undefined) throw error;
      session.probe();
      throw new DatabaseUnavailable(reasonOf(cause), { asked: true, retryAfterMs: 1_000, cause });
    }
  }

  async #run(source: DatabaseSource): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        const session = await this.#connect(source, signal);
        this.#goUp(session, source);
        this.#goAway(await session.lost);
        await session.close();
      } catch (error) {
        if (signal.aborted) return;
        this.#goAway(error);
      }
      await sleep(this.#nextBackoff(), signal, this.#clock).catch(() => undefined);
    }
  }

  async #connect(source: DatabaseSource, signal: AbortSignal): Promise<Session> {
    const config = await source.ensure(signal);
    signal.throwIfAborted();
    await migrate(config);
    const channels = this.#notifications.channels();
    const session = await Session.open(config, {
      poolSize: this.#options.poolSize,
      channels,
      onNotification: (channel, payload) => this.#notifications.tell(channel, payload),
      clock: this.#clock,
    });
    try {
      signal.throwIfAborted();
      this.#session = session;
      // Wanted while it connected.
      for (const channel of this.#notifications.channels()) {
        if (!channels.includes(channel)) await session.listen(channel);
      }
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  #goUp(session: Session, source: DatabaseSource): void {
    this.#session = session;
    this.#backoffMs = FIRST_BACKOFF_MS;
    const before = this.#state;
    this.#state = { kind: 'up', since: this.#clock.wallNow() };
    const waitedMs = before.kind === 'off' ? 0 : this.#state.since - before.since;
    this.#options.logger.info({ part: 'database', waited_ms: waitedMs }, `${source.name} is there`);
    for (const listener of [...this.#onUp]) listener();
  }

  #goAway(error: unknown): void {
    this.#session = undefined;
    if (this.#stopped.signal.aborted) return;
    const reason = reasonOf(error);
    const before = this.#state;
    const since = before.kind === 'away' ? before.since : this.#clock.wallNow();
    this.#state = { kind: 'away', since, reason };
    if (before.kind === 'away' && before.reason === reason) return;
    this.#options.logger.warn({ part: 'database' }, `The database is away: ${reason}`);
  }

  #nextBackoff(): number {
    const delayMs = this.#backoffMs;
    this.#backoffMs = Math.min(delayMs * 2, MAX_BACKOFF_MS);
    return delayMs;
  }
}

/**
 * Tells every instance that listens to `channel`, at the end of the transaction when it is in one. At most 7,999 bytes
 * (PostgreSQL manual, NOTIFY): send what to look for, not the thing itself.
 */
export async function notify(db: Db | Tx, channel: string, payload: string): Promise<void> {
  await db.execute(sql`select pg_notify(${channel}, ${payload})`);
}

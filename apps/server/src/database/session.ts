import { type Clock, systemClock } from '@ferry/core';
import { Client, type ClientConfig, Pool, type PoolClient } from 'pg';

/** How often a quiet connection is asked whether the database is still there, and how long it may take. Milliseconds. */
const HEARTBEAT_MS = 5_000;
const CONNECT_MS = 5_000;
/** The longest statement of a request; a migration has its own connection. Milliseconds. */
const STATEMENT_MS = 10_000;

export interface SessionOptions {
  readonly poolSize: number;
  readonly channels: Iterable<string>;
  onNotification(channel: string, payload: string): void;
  readonly clock?: Clock;
}

/**
 * One period in which the database is there: a pool for queries, and a connection of its own (the line) that hears
 * notifications and tells at once when the database goes. It is never revived; the next period is another one.
 */
export class Session {
  readonly pool: Pool;
  /** Resolves with what ended it. */
  readonly lost: Promise<unknown>;
  readonly #line: Client;
  readonly #clock: Clock;
  readonly #busy = new Set<PoolClient>();
  #lose: (error: unknown) => void = () => undefined;
  #over = false;
  #said: Promise<unknown> = Promise.resolve();
  #probing: Promise<void> | undefined;
  #cancelHeartbeat: () => void = () => undefined;

  private constructor(config: ClientConfig, { poolSize, onNotification, clock }: SessionOptions) {
    this.#clock = clock ?? systemClock;
    this.lost = new Promise((resolve) => {
      this.#lose = resolve;
    });
    this.#line = new Client({
      ...config,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: HEARTBEAT_MS,
      keepAlive: true,
    });
    this.#line.on('error', (error) => this.#end(error));
    this.#line.on('end', () => this.#end(new Error('it closed the connection')));
    this.#line.on('notification', ({ channel, payload }) => onNotification(channel, payload ?? ''));
    this.pool = new Pool({
      ...config,
      max: poolSize,
      connectionTimeoutMillis: CONNECT_MS,
      statement_timeout: STATEMENT_MS,
      // The server's own limit cannot be heard from a server that is gone.
      query_timeout: STATEMENT_MS + 2_000,
      idle_in_transaction_session_timeout: 2 * STATEMENT_MS,
      idleTimeoutMillis: 30_000,
    });
    // An idle connection that breaks is dropped by the pool; unheard its error would end the process.
    this.pool.on('error', () => this.probe());
    // Nothing is returned, as by any listener (docs/adr/0028).
    this.pool.on('acquire', (client) => {
      this.#busy.add(client);
    });
    this.pool.on('release', (_error, client) => {
      this.#busy.delete(client);
    });
  }

  /** @throws what keeps it from connecting. */
  static async open(config: ClientConfig, options: SessionOptions): Promise<Session> {
    const session = new Session({ application_name: 'ferry', ...config }, options);
    try {
      await session.#line.connect();
      for (const channel of options.channels) await session.listen(channel);
      session.#beatLater();
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  async listen(channel: string): Promise<void> {
    await this.#say(`listen ${this.#line.escapeIdentifier(channel)}`);
  }

  async unlisten(channel: string): Promise<void> {
    await this.#say(`unlisten ${this.#line.escapeIdentifier(channel)}`);
  }

  /** Somebody's query broke: looks at once whether it is all of the database. */
  probe(): void {
    this.#probing ??= this.#say('select 1')
      .then(
        () => undefined,
        (error: unknown) => this.#end(error),
      )
      .finally(() => {
        this.#probing = undefined;
      });
  }

  /** Leaves no connection and no timer. What still runs in the pool is cut off. Idempotent. */
  async close(): Promise<void> {
    this.#end(new Error('it was closed'));
    const pool = this.pool.ending ? undefined : this.pool.end();
    // A connection that waits for an answer is destroyed, and whoever waits is told; the pool would wait as well.
    await Promise.allSettled([this.#line.end(), ...[...this.#busy].map((client) => client.end()), pool]);
  }

  /** One at a time: pg 9 takes no query while another runs. */
  #say(text: string): Promise<unknown> {
    const said = this.#said.then(() => this.#line.query(text));
    this.#said = said.catch(() => undefined);
    return said;
  }

  #beatLater(): void {
    if (this.#over) return;
    this.#cancelHeartbeat = this.#clock.after(
      HEARTBEAT_MS,
      () => {
        this.probe();
        this.#beatLater();
      },
      { keepAlive: false },
    );
  }

  #end(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelHeartbeat();
    this.#lose(error);
  }
}

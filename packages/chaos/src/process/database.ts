import { existsSync } from 'node:fs';
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { ask } from './ask.ts';

const LOOK_EVERY_MS = 25;

const health = z.object({
  database: z.object({
    kind: z.enum(['off', 'starting', 'up', 'away']),
    since: z.number().optional(),
  }),
});

/** What the gateway's health says of its database. */
export interface DatabaseHealth {
  readonly kind: 'off' | 'starting' | 'up' | 'away';
  /** Milliseconds since the Unix epoch. */
  readonly since?: number | undefined;
}

const refusal = z.object({ error: z.object({ code: z.string() }) });

/** An answer that needs the database. */
export interface Need {
  readonly status: number;
  /** Of an error of the documented shape. */
  readonly code: string | undefined;
  /** Whether it says when to come again. */
  readonly saysWhen: boolean;
}

/** Without this file a server starts no more: what a broken disk would do. */
const NEEDED = 'global/pg_control';

/** The gateway's own PostgreSQL, looked at and ended from outside. */
export class EmbeddedDatabase {
  readonly #data: string;
  readonly #gateway: { readonly url: string };

  constructor(gateway: { readonly url: string; readonly databaseFolder: string }) {
    this.#data = gateway.databaseFolder;
    this.#gateway = gateway;
  }

  async health(): Promise<DatabaseHealth> {
    return health.parse((await ask(this.#gateway, '/health/ready')).body).database;
  }

  /** What it answers to a question that only the database can answer. */
  async need(): Promise<Need> {
    const { status, headers, body } = await ask(this.#gateway, '/v1/files');
    const told = refusal.safeParse(body);
    return { status, code: told.data?.error.code, saysWhen: headers['retry-after'] !== undefined };
  }

  /** What health says as soon as it says what `fits`. Undefined when it does not in time. */
  async until(
    fits: (health: DatabaseHealth) => boolean,
    withinMs: number,
  ): Promise<DatabaseHealth | undefined> {
    for (const end = performance.now() + withinMs; performance.now() < end; await delay(LOOK_EVERY_MS)) {
      const now = await this.health();
      if (fits(now)) return now;
    }
    return undefined;
  }

  /** From now on it cannot start again; one that runs does not notice. */
  async forbidStart(): Promise<void> {
    await rename(join(this.#data, NEEDED), join(this.#data, `${NEEDED}.away`));
  }

  async allowStart(): Promise<void> {
    const away = join(this.#data, `${NEEDED}.away`);
    if (existsSync(away)) await rename(away, join(this.#data, NEEDED));
  }

  /** Sends a signal to the postmaster. @throws Error when none runs. */
  async signal(signal: NodeJS.Signals): Promise<void> {
    const content = await readFile(join(this.#data, 'postmaster.pid'), 'utf8');
    process.kill(Number(content.split('\n', 1)[0]), signal);
  }
}

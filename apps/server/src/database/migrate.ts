import { join } from 'node:path';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator';
import { Client, type ClientConfig } from 'pg';
import { PACKAGE_FOLDER } from '../package-folder.ts';

/** Generated SQL. */
const FOLDER = join(PACKAGE_FOLDER, 'migrations');

/** Any number that nobody else takes: "ferr" in ASCII. */
const LOCK = 0x66657272;

/** Another instance may be at it, and a large table takes its time. Milliseconds. */
const PATIENCE_MS = 120_000;

/**
 * Applies the migrations that are missing, all in one transaction. Instances that start together take turns: an advisory
 * lock of the session, so that it ends with whoever dies. A database that is newer than this code is left as it is.
 */
export async function migrate(config: ClientConfig, folder = FOLDER): Promise<void> {
  const client = new Client({ ...config, connectionTimeoutMillis: 5_000, lock_timeout: PATIENCE_MS });
  // Told by the query that it breaks as well; unheard it would end the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    await client.query('set client_min_messages = warning');
    await applyMigrations(drizzle(client), { migrationsFolder: folder });
  } finally {
    await client.end().catch(() => undefined);
  }
}

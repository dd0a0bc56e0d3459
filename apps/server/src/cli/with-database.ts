import { resolve } from 'node:path';
import type { Logger } from 'pino';
import type { LoadedConfig } from '../config/load.ts';
import { Database } from '../database/database.ts';
import { EmbeddedPostgres } from '../database/embedded/embedded-postgres.ts';
import { ExternalPostgres } from '../database/source.ts';
import { CliError } from './cli-error.ts';

/** How long a command waits for the database. Milliseconds. */
const UP_MS = 30_000;

/**
 * The database without a gateway: the named one, or our own, started for this command and stopped after it.
 * @throws CliError when there is none, or it does not come up.
 */
export async function withDatabase<T>(
  { config, secrets }: LoadedConfig,
  logger: Logger,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const external = secrets.databaseUrl;
  if (external === undefined && !config.database.embedded) {
    throw new CliError('There is no database: database.embedded is false and no other is named.');
  }
  const database = new Database({
    source:
      external === undefined
        ? new EmbeddedPostgres({ dataDir: resolve(config.server.data_dir), logger })
        : new ExternalPostgres(external),
    poolSize: 2,
    logger,
  });
  database.start();
  try {
    await untilUp(database);
    return await work(database);
  } finally {
    await database.stop();
  }
}

async function untilUp(database: Database): Promise<void> {
  const { promise, resolve: up, reject } = Promise.withResolvers<void>();
  const stop = database.onUp(up);
  const late = setTimeout(() => {
    const { state } = database;
    reject(
      new CliError(`The database cannot be reached${state.kind === 'away' ? `: ${state.reason}` : ''}.`),
    );
  }, UP_MS);
  try {
    await promise;
  } finally {
    clearTimeout(late);
    stop();
  }
}

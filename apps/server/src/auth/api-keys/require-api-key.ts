import type { INestApplicationContext } from '@nestjs/common';
import { ConfigError } from '../../config/config-error.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { Database } from '../../database/database.ts';
import { isLoopbackHost } from '../loopback.ts';
import { ApiKeys } from './api-keys.ts';

/** How long a start waits for the database to say whether it holds a key. Milliseconds. */
const ASK_MS = 20_000;

/**
 * Where other machines can reach it, Ferry wants an API key too: without one, clients would be given the admin key.
 * @throws ConfigError that says how to make one.
 */
export async function requireApiKey(app: INestApplicationContext, { config }: LoadedConfig): Promise<void> {
  const { host } = config.server;
  if (isLoopbackHost(host) || config.api_key.length > 0) return;
  const found = await storedKeys(app.get(Database), app.get(ApiKeys));
  if (found === 'some') return;
  throw new ConfigError([
    `server.host: "${host}" can be reached from other machines, expected an API key: [[api_key]] in the configuration, or ` +
      `one made by \`ferry keys add NAME\` (${found})`,
  ]);
}

async function storedKeys(database: Database, keys: ApiKeys): Promise<string> {
  if (database.state.kind === 'off') return 'there is no database that could hold one';
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const late = setTimeout(() => resolve(false), ASK_MS);
  const stop = database.onUp(() => resolve(true));
  const up = await promise;
  stop();
  clearTimeout(late);
  if (!up) return 'the database, which could hold one, cannot be reached';
  return (await keys.refresh()) > 0 ? 'some' : 'the database holds none';
}

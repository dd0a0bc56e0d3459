/** `ferry keys`: through the gateway when it runs, else in its database, where the next start finds them. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { z } from 'zod';
import { Audit } from '../audit/audit.ts';
import type { Actor } from '../audit/audit-entry.ts';
import { ApiKeyStore } from '../auth/api-keys/api-key-store.ts';
import type { LoadedConfig } from '../config/load.ts';
import { CliError } from './cli-error.ts';
import type { RunningGateway } from './running-gateway.ts';
import { columns } from './table.ts';
import { withDatabase } from './with-database.ts';

const PATH = '/api/v1/admin/keys';

export interface KeysCommand {
  readonly gateway: RunningGateway;
  readonly loaded: LoadedConfig;
  readonly logger: Logger;
  print(text: string): void;
}

const made = z.object({ id: z.string(), key: z.string() });
const list = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      source: z.string(),
      hint: z.string().nullable(),
      revoked_at: z.string().nullable(),
    }),
  ),
});

/** Prints the new key on standard output, alone, so that it can be piped into a secret store. */
export async function addKey(command: KeysCommand, name: string): Promise<void> {
  const { gateway, print } = command;
  if (await gateway.answers()) {
    print(`${made.parse(await gateway.ask('POST', PATH, { name })).key}\n`);
    return;
  }
  const created = await inDatabase(command, (store, actor) => store.create({ name }, actor));
  if (created === undefined) throw new CliError(`Another API key is called "${name}".`);
  print(`${created.key}\n`);
}

export async function listKeys(command: KeysCommand): Promise<void> {
  const { gateway, print } = command;
  const keys = (await gateway.answers())
    ? list.parse(await gateway.ask('GET', PATH)).data
    : (await inDatabase(command, (store) => store.list())).map(({ id, name, hint, revokedAt }) => ({
        id,
        name,
        source: 'database',
        hint,
        revoked_at: revokedAt?.toISOString() ?? null,
      }));
  const rows = keys.map(({ id, name, source, hint, revoked_at }) => [
    id,
    name,
    hint ?? '',
    revoked_at === null ? source : `revoked ${revoked_at}`,
  ]);
  print(rows.length === 0 ? 'There are no API keys.\n' : columns(rows));
}

export async function revokeKey(command: KeysCommand, id: string): Promise<void> {
  const { gateway, print } = command;
  if (await gateway.answers()) await gateway.ask('DELETE', `${PATH}/${encodeURIComponent(id)}`);
  else if (
    !z.uuid().safeParse(id).success ||
    !(await inDatabase(command, (store, actor) => store.revoke(id, actor)))
  ) {
    throw new CliError('There is no such API key, or it is revoked already.');
  }
  print('Revoked.\n');
}

async function inDatabase<T>(
  { loaded, logger }: KeysCommand,
  work: (store: ApiKeyStore, actor: Actor) => Promise<T>,
): Promise<T> {
  const actor: Actor = { who: 'command line', address: 'here', requestId: `cli_${randomUUID()}` };
  return await withDatabase(loaded, logger, (database) =>
    work(new ApiKeyStore(database, new Audit(database, logger)), actor),
  );
}

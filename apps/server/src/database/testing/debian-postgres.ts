/** A PostgreSQL as an operator would run it: Debian's own version, over TCP, with a password. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { chown, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { serverAccount } from '../embedded/account.ts';
import { temporaryFolder } from './postgres.ts';

const VERSIONS = '/usr/lib/postgresql';
const PASSWORD = 'p@ss/word';

/**
 * Where its programs are. Without them its tests are left out, which is said; CI installs them and lets nothing be left out.
 * @throws Error in CI when they are not there.
 */
export function findDebianPostgres(): string | undefined {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS) : [];
  const found = versions
    .map((version) => join(VERSIONS, version, 'bin'))
    .find((bin) => existsSync(join(bin, 'initdb')));
  if (found !== undefined) return found;
  if (process.env.CI === 'true') throw new Error('no PostgreSQL here: run scripts/install-debian.sh');
  process.stderr.write('The tests against PostgreSQL by its address are left out: it is not installed.\n');
  return undefined;
}

export interface DebianPostgres extends AsyncDisposable {
  readonly url: string;
}

export async function startDebianPostgres(bin: string): Promise<DebianPostgres> {
  const folder = await temporaryFolder();
  const account = await serverAccount();
  const as = account === undefined ? {} : { uid: account.uid, gid: account.gid };
  if (account !== undefined) await chown(folder, account.uid, account.gid);
  const [data, password] = [join(folder, 'data'), join(folder, 'password')];
  await writeFile(password, PASSWORD, { mode: 0o600 });
  if (account !== undefined) await chown(password, account.uid, account.gid);
  const options = ['--username=ferry', '--auth=scram-sha-256', `--pwfile=${password}`, '--no-sync'];
  await promisify(execFile)(join(bin, 'initdb'), ['-D', data, ...options], { cwd: '/', ...as });
  const port = await freePort();
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    fsync: 'off',
  };
  const server = spawn(
    join(bin, 'postgres'),
    ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { cwd: '/', stdio: 'ignore', ...as },
  );
  return {
    url: `postgres://ferry:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/postgres`,
    async [Symbol.asyncDispose]() {
      const gone = server.exitCode === null && server.signalCode === null ? once(server, 'exit') : undefined;
      server.kill('SIGINT');
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

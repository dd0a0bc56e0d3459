import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Account } from './account.ts';
import type { Binaries } from './binaries.ts';

/** The superuser of the cluster. Whoever reaches the socket may be it: only its user and root can. */
export const SUPERUSER = 'ferry';

const INIT_MS = 60_000;
const run = promisify(execFile);

export interface Cluster {
  readonly binaries: Binaries;
  readonly account: Account | undefined;
  /** The folder that holds `data`. */
  readonly home: string;
  /** Whether what is answered has reached the disk. */
  readonly sync: boolean;
}

/**
 * Makes the cluster in `home/data` unless it is there. It is there whole or not at all: made beside its place, and renamed.
 * @throws Error for one of another major version, and for what initdb says.
 */
export async function initCluster(cluster: Cluster, major: number): Promise<void> {
  const data = `${cluster.home}/data`;
  const version = await readFile(`${data}/PG_VERSION`, 'utf8').catch(() => undefined);
  if (version !== undefined) {
    if (Number(version) === major) return;
    throw new Error(`its files are of PostgreSQL ${version.trim()}, and this is ${major}: use pg_upgrade`);
  }
  await removeUnfinished(cluster.home);
  const unfinished = `${data}.${randomBytes(6).toString('hex')}`;
  try {
    await initdb(cluster, unfinished);
    await rename(unfinished, data);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    // Another instance may have been faster.
    const other = await readFile(`${data}/PG_VERSION`, 'utf8').catch(() => undefined);
    if (other === undefined) throw error;
  }
}

async function initdb({ binaries, account, home, sync }: Cluster, folder: string): Promise<void> {
  const options = [
    '--username',
    SUPERUSER,
    '--auth=trust',
    '--encoding=UTF8',
    '--locale=C',
    ...(sync ? [] : ['--no-sync']),
  ];
  try {
    await run(binaries.initdb, ['--pgdata', folder, ...options, '--no-instructions'], {
      cwd: '/',
      env: { PATH: process.env.PATH, TZ: 'UTC' },
      timeout: INIT_MS,
      killSignal: 'SIGKILL',
      ...(account !== undefined && { uid: account.uid, gid: account.gid }),
    });
  } catch (error) {
    const { code, stderr } = error as NodeJS.ErrnoException & { stderr?: string };
    const said = stderr?.split('\n').find((line) => line.startsWith('initdb: ')) ?? String(code);
    throw new Error(`its files cannot be made in ${home}: ${said.replace('initdb: error: ', '')}`);
  }
}

/** What a crash left half made. Another instance's is younger. */
async function removeUnfinished(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    if (!/^data\.[0-9a-f]{12}$/.test(name)) continue;
    const path = `${home}/${name}`;
    const made = (await stat(path).catch(() => undefined))?.birthtimeMs;
    if (made !== undefined && Date.now() - made > 2 * INIT_MS)
      await rm(path, { recursive: true, force: true });
  }
}

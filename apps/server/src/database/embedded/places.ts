import { createHash } from 'node:crypto';
import { chown, lstat, mkdir, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Account } from './account.ts';
import { canReach, letThrough } from './reach.ts';

/** The folders of an embedded server. Both are its user's own, mode 0700. */
export interface Places {
  /** Whom the server runs as; undefined for ourselves. */
  readonly account: Account | undefined;
  /** Holds the cluster (`data`) and its log. */
  readonly home: string;
  /** Holds the socket. */
  readonly sockets: string;
}

/** Names the socket only; nothing listens on a port. */
export const PORT = 5432;

/** sun_path has 108 bytes on Linux, 104 on macOS, the last one 0; PostgreSQL adds its own name (unix(7)). */
const MAX_SOCKET_PATH_BYTES = 103;
/** The lock file stands beside the socket, but is opened as a file: only the socket's name counts. */
const SOCKET_NAME = `/.s.PGSQL.${PORT}`;

/**
 * Where root's servers live when their user cannot enter the data folder, such as one below `/root`, and the programs when it
 * cannot enter theirs. Root's own, unlike the temporary folder: nobody else can plant anything here, nothing cleans it, and
 * programs may be run.
 */
export const SHARED_HOME = '/var/lib/ferry-postgres';

/** The folder of the socket: beside the data if that is short enough, else in the system's temporary folder. */
export function socketFolder(home: string, temporary: string): string {
  const beside = join(home, 'run');
  return Buffer.byteLength(beside + SOCKET_NAME) <= MAX_SOCKET_PATH_BYTES
    ? beside
    : join(temporary, `ferry-postgres-${digest(home)}`);
}

/**
 * Makes the folders. As root the data folder gets the right to be walked through (0711), and nothing more: what is in it
 * keeps its own permissions.
 * @param preferred whom the server runs as in a folder that is new; undefined for ourselves.
 * @throws Error when one cannot be made, or belongs to somebody else.
 */
export async function preparePlaces(dataDir: string, preferred: Account | undefined): Promise<Places> {
  await mkdir(dirname(dataDir), { recursive: true });
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const home = await chooseHome(await realpath(dataDir), preferred);
  const account = preferred && ((await ownerOf(home)) ?? preferred);
  await ownFolder(home, account);
  const real = await realpath(home);
  const sockets = socketFolder(real, tmpdir());
  await ownFolder(sockets, account);
  return { account, home: real, sockets };
}

/** An ordinary user may have started here before root did: the cluster stays theirs. */
async function ownerOf(home: string): Promise<Account | undefined> {
  const found = await lstat(home).catch(() => undefined);
  return found === undefined || found.uid === 0 ? undefined : { uid: found.uid, gid: found.gid };
}

async function chooseHome(dataDir: string, account: Account | undefined): Promise<string> {
  const home = join(dataDir, 'postgres');
  if (account === undefined) return home;
  if (!(await canReach(dirname(dataDir), account))) {
    await mkdir(SHARED_HOME, { recursive: true, mode: 0o711 });
    await letThrough(SHARED_HOME, account);
    return join(SHARED_HOME, digest(dataDir));
  }
  await letThrough(dataDir, account);
  return home;
}

/** Temporary folders are everybody's: what stands there under our name may be somebody else's trap. */
async function ownFolder(path: string, account: Account | undefined): Promise<void> {
  const uid = account?.uid ?? process.geteuid?.();
  try {
    await mkdir(path, { mode: 0o700 });
    if (account !== undefined) await chown(path, account.uid, account.gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const found = await lstat(path);
    if (!found.isDirectory() || (found.uid !== uid && found.uid !== process.geteuid?.())) {
      throw new Error('the folder for PostgreSQL belongs to another user');
    }
    if (account !== undefined && found.uid !== uid) await chown(path, account.uid, account.gid);
  }
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

import { createHash, randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  symlink,
  utimes,
} from 'node:fs/promises';
import { basename, join } from 'node:path';
import { runsFrom } from './processes.ts';
import { onlyOurs } from './reach.ts';

/** What a crash left half made: longer than any copy takes. Milliseconds. */
const UNFINISHED_MS = 10 * 60_000;
/** A copy that nobody has asked for in this time, and nothing runs, is of another version. Milliseconds. */
const UNUSED_MS = 24 * 60 * 60_000;

const COPY = /^programs-[0-9a-f]{16}(\.[0-9a-f-]{36}\.part)?$/;

interface Entry {
  /** Relative to the top, which is ''. */
  readonly name: string;
  readonly stats: Stats;
  /** Where a symbolic link leads. */
  readonly target: string | undefined;
}

/**
 * A copy of the folder of programs `from`, in `folder`: one for all who want the same programs. One that is whole and that
 * nobody else can have changed is used again; what is not is replaced.
 * @param version tells programs apart that differ in content only.
 * @throws Error that names `folder` when there can be none.
 */
export async function copyOf(from: string, version: string, folder: string): Promise<string> {
  const entries = await inventory(from);
  const print = await fingerprint(from, entries, version);
  const place = join(folder, `programs-${print}`);
  if (!(await onlyOurs(folder))) {
    throw new Error(`its programs are not copied to ${folder}: other users could change them there`);
  }
  const isThere = () => isCopy(place, print, version);
  if (await isThere()) {
    const now = new Date();
    await utimes(place, now, now).catch(() => undefined);
  } else {
    try {
      await copy(from, entries, place, isThere);
    } catch (error) {
      // Node adds both paths, which are long, behind the first comma.
      const [why] = (error as Error).message.split(',', 1);
      throw new Error(`its programs cannot be copied to ${folder}: ${why}`);
    }
  }
  // What stays is looked at again by the next start.
  await removeUnused(folder, place).catch(() => undefined);
  return place;
}

async function inventory(top: string): Promise<Entry[]> {
  const names = ['', ...(await namesBelow(top, ''))].sort();
  return await Promise.all(
    names.map(async (name) => {
      const path = join(top, name);
      const stats = await lstat(path);
      return { name, stats, target: stats.isSymbolicLink() ? await readlink(path) : undefined };
    }),
  );
}

/** Not by `recursive`, which walks through links to folders. */
async function namesBelow(top: string, name: string): Promise<string[]> {
  const found = await readdir(join(top, name), { withFileTypes: true });
  const names = found.map(async (entry) => {
    const path = join(name, entry.name);
    return entry.isDirectory() ? [path, ...(await namesBelow(top, path))] : [path];
  });
  return (await Promise.all(names)).flat();
}

/**
 * Names a set of programs by its version, all names and sizes, and the content of what is executed. Not by times: npm gives every
 * file the same. Reading the 60 MB whole would double the time of a start.
 */
async function fingerprint(top: string, entries: readonly Entry[], version: string): Promise<string> {
  const hash = createHash('sha256').update(version);
  for (const { name, stats, target } of entries) {
    hash.update(`\0${name}\0`);
    if (target !== undefined) hash.update(`link ${target}`);
    else if (stats.isDirectory()) hash.update('folder');
    else hash.update(`${isExecutable(stats) ? 'program' : 'file'} ${stats.size}`);
    if (name.startsWith('bin/') && stats.isFile()) hash.update(await readFile(join(top, name)));
  }
  return hash.digest('hex').slice(0, 16);
}

/** Whether a whole copy stands there, made by us and changed by nobody else. */
async function isCopy(place: string, print: string, version: string): Promise<boolean> {
  const me = process.geteuid?.();
  try {
    // A link in its place leads to what somebody else chose.
    if (!(await lstat(place)).isDirectory()) return false;
    const entries = await inventory(place);
    const ours = ({ stats, target }: Entry) =>
      stats.uid === me && (target !== undefined || (stats.mode & 0o022) === 0);
    return entries.every(ours) && (await fingerprint(place, entries, version)) === print;
  } catch {
    return false;
  }
}

/** Made beside its place and renamed: half a copy is never found, and of two who make one the faster wins. */
async function copy(
  from: string,
  entries: readonly Entry[],
  place: string,
  isThere: () => Promise<boolean>,
): Promise<void> {
  const unfinished = partOf(place);
  try {
    for (const { name, stats, target } of entries) {
      const path = join(unfinished, name);
      if (target !== undefined) {
        await symlink(target, path);
        continue;
      }
      if (stats.isDirectory()) await mkdir(path, { mode: 0o700 });
      else await copyFile(join(from, name), path);
      // Whatever the umask is now, and was when they were installed.
      await chmod(path, stats.isDirectory() || isExecutable(stats) ? 0o755 : 0o644);
    }
    while (!(await renamed(unfinished, place))) {
      if (await isThere()) return;
      await setAside(place);
    }
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** False when something is there already. */
async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR') return false;
    throw error;
  }
}

/** Renamed before it is removed: nobody finds the half of it. */
async function setAside(place: string): Promise<void> {
  const aside = partOf(place);
  try {
    await rename(place, aside);
  } catch (error) {
    // Another instance was faster.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  await rm(aside, { recursive: true, force: true });
}

const partOf = (place: string): string => `${place}.${randomUUID()}.part`;
const isExecutable = ({ mode }: Stats): boolean => (mode & 0o100) !== 0;

async function removeUnused(folder: string, used: string): Promise<void> {
  // As the system names what a process runs.
  const real = await realpath(folder);
  for (const name of await readdir(real)) {
    const [isOurs, part] = COPY.exec(name) ?? [];
    const path = join(real, name);
    if (isOurs === undefined || name === basename(used)) continue;
    const idleMs = Date.now() - (await lstat(path)).mtimeMs;
    if (idleMs < (part === undefined ? UNUSED_MS : UNFINISHED_MS)) continue;
    if ((await runsFrom(path)) === false) await rm(path, { recursive: true, force: true });
  }
}

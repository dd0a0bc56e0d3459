import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fateOfOwner } from './spool-owner.ts';

export interface AbandonedSpoolsOptions {
  /** The longest that a spool is used, in milliseconds: of processes on other machines only the age of their files is known. */
  readonly maxAgeMs: number;
  /** Milliseconds since the Unix epoch; default the system's clock. */
  readonly now?: () => number;
}

/**
 * Removes what crashed processes have left in a directory of spools, and gives how many. Spools have no name while they are in use, so
 * that there is something to remove only where the platform would not unlink an open file, or when the process was killed in the moment
 * between making a file and unlinking it. Files of processes that run are left alone, also those of others that share the
 * directory.
 */
export async function removeAbandonedSpools(
  directory: string,
  { maxAgeMs, now = Date.now }: AbandonedSpoolsOptions,
): Promise<number> {
  let removed = 0;
  for (const name of await readdir(directory).catch(noDirectory)) {
    const fate = fateOfOwner(name);
    if (fate === undefined || fate === 'alive') continue;
    const path = join(directory, name);
    if (fate === 'unknown' && !(await isOlder(path, now() - maxAgeMs))) continue;
    await rm(path, { force: true });
    removed += 1;
  }
  return removed;
}

function noDirectory(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}

/** A file that has gone meanwhile is nobody's to remove. */
async function isOlder(path: string, than: number): Promise<boolean> {
  const info = await stat(path).catch(() => undefined);
  return info !== undefined && info.mtimeMs < than;
}

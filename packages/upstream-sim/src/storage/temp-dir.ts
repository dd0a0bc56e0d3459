import { rmSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'ferry-upstream-sim-';

/** Directories of this process that exist; one exit listener serves them all. */
const ours = new Set<string>();
process.once('exit', () => {
  for (const path of ours) rmSync(path, { recursive: true, force: true });
});

/** One directory for everything a simulator writes. */
export interface TempDir {
  readonly path: string;
  /** Removes the directory and all in it. Idempotent. */
  remove(): Promise<void>;
}

/**
 * Makes the directory, and removes those that a killed simulator left behind: the name holds the process id of its owner.
 * A `process.exit()` without `remove()` is covered as well.
 */
export async function createTempDir(base: string = tmpdir()): Promise<TempDir> {
  await sweepLeftovers(base);
  const path = await mkdtemp(join(base, `${PREFIX}${process.pid}-`));
  ours.add(path);
  return {
    path,
    async remove() {
      await rm(path, { recursive: true, force: true, maxRetries: 3 });
      ours.delete(path);
    },
  };
}

async function sweepLeftovers(base: string): Promise<void> {
  for (const name of await readdir(base)) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    // Another user's leftovers are not ours to remove, and another simulator may be sweeping too.
    await rm(join(base, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and belongs to someone else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { findBinaries, reachable } from './binaries.ts';

const STRANGER = { uid: 54_321, gid: 54_321 };

test('programs that the server’s user cannot reach, as below /root, are copied once, and run from there', async () => {
  const top = await mkdtemp(join(tmpdir(), 'ferry-programs-'));
  try {
    await chmod(top, 0o711);
    const [closed, folder] = [join(top, 'closed'), join(top, 'open')];
    await mkdir(folder);
    const { postgres } = await findBinaries();
    await cp(dirname(dirname(postgres)), closed, { recursive: true, verbatimSymlinks: true });
    await chmod(closed, 0o700);
    const unreachable = { postgres: join(closed, 'bin/postgres'), initdb: join(closed, 'bin/initdb') };

    expect(await reachable(unreachable, undefined, folder)).toBe(unreachable);
    // Two that start at the same moment, in one process too.
    const both = [
      reachable(unreachable, STRANGER, folder),
      reachable(unreachable, STRANGER, folder),
    ] as const;
    const [copy, other] = await Promise.all(both);
    expect(other).toEqual(copy);
    expect(await readdir(folder)).toHaveLength(1);
    expect(copy.postgres.startsWith(folder)).toBe(true);
    expect(await reachable(unreachable, STRANGER, folder)).toEqual(copy);
    const { stdout } = await promisify(execFile)(copy.postgres, ['--version']);
    expect(stdout).toMatch(/^postgres \(PostgreSQL\) 18\./);
  } finally {
    await rm(top, { recursive: true });
  }
});

import { execFile } from 'node:child_process';
import {
  chmod,
  chown,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type Account, serverAccount } from './account.ts';
import { type Binaries, findBinaries, reachable } from './binaries.ts';
import { initCluster } from './init-cluster.ts';

const STRANGER = { uid: 54_321, gid: 54_321 };

let top: string;
/** Where the copies are made. */
let folder: string;
/** PostgreSQL's programs where only their owner can enter. */
let closed: Binaries;
beforeAll(async () => {
  top = await mkdtemp(join(tmpdir(), 'ferry-programs-'));
  await chmod(top, 0o711);
  folder = join(top, 'open');
  const { postgres, version } = await findBinaries();
  closed = programsIn('closed', version);
  await cp(dirname(dirname(postgres)), join(top, 'closed'), { recursive: true, verbatimSymlinks: true });
  await chmod(join(top, 'closed'), 0o700);
});
afterAll(() => rm(top, { recursive: true }));

function programsIn(name: string, version: string): Binaries {
  const bin = join(top, name, 'bin');
  return { postgres: join(bin, 'postgres'), initdb: join(bin, 'initdb'), version };
}

async function clusterOf(binaries: Binaries, account: Account | undefined): Promise<string> {
  const home = join(top, 'a "quoted" $HOME');
  onTestFinished(() => rm(home, { recursive: true }));
  await mkdir(home);
  if (account !== undefined) await chown(home, account.uid, account.gid);
  await initCluster({ binaries, account, home, sync: false }, 18);
  return await readFile(join(home, 'data', 'PG_VERSION'), 'utf8');
}

test('programs that the server’s user cannot reach, as below /root, are copied once, and run from there', async () => {
  expect(await reachable(closed, undefined, folder)).toBe(closed);
  // Two that start at the same moment, in one process too.
  const both = [reachable(closed, STRANGER, folder), reachable(closed, STRANGER, folder)] as const;
  const [copy, other] = await Promise.all(both);
  expect(other).toEqual(copy);
  expect(await readdir(folder)).toHaveLength(1);
  expect(copy.postgres.startsWith(folder)).toBe(true);
  const { ino } = await stat(copy.postgres);
  expect(await reachable(closed, STRANGER, folder)).toEqual(copy);
  expect((await stat(copy.postgres)).ino).toBe(ino);
  const { stdout } = await promisify(execFile)(copy.postgres, ['--version']);
  expect(stdout).toMatch(/^postgres \(PostgreSQL\) 18\./);
});

test('the copy makes a cluster in a folder whose name a shell would misread', async () => {
  const account = await serverAccount();
  const copy = await reachable(closed, account ?? STRANGER, folder);
  expect(await clusterOf(copy, account)).toBe('18\n');
});

test('programs in a folder whose name a shell would misread are copied too: initdb puts it between double quotes', async () => {
  const account = await serverAccount();
  const name = 'the "$1"';
  onTestFinished(async () => {
    await chmod(join(top, name), 0o700);
    await rename(join(top, name), join(top, 'closed'));
  });
  await rename(join(top, 'closed'), join(top, name));
  await chmod(join(top, name), 0o755);
  const copy = await reachable(programsIn(name, closed.version), account ?? STRANGER, folder);
  expect(copy.postgres.startsWith(folder)).toBe(true);
  expect(await clusterOf(copy, account)).toBe('18\n');
});

test('a folder that the server’s user cannot enter gets no copy, and is told', async () => {
  const inside = join(top, 'shut', 'inside');
  await mkdir(dirname(inside), { mode: 0o700 });
  await expect(reachable(closed, STRANGER, inside)).rejects.toThrow(
    `its programs are not copied to ${inside}: the user who would run them cannot enter it`,
  );
  expect(await readdir(inside)).toEqual([]);
});

test('a folder that cannot be made is told by its name', async () => {
  const file = join(top, 'file');
  await writeFile(file, '');
  await expect(reachable(closed, STRANGER, file)).rejects.toThrow(
    `the folder for its programs cannot be made: EEXIST: file already exists, mkdir '${file}'`,
  );
});

test('a place where programs cannot be run is told as such', async () => {
  const dead = programsIn('dead', '0');
  await mkdir(dirname(dead.postgres), { recursive: true, mode: 0o700 });
  // Without a right to be run: access(2) answers the same for a file system that is mounted noexec.
  await writeFile(dead.postgres, '', { mode: 0o644 });
  await expect(reachable(dead, STRANGER, folder)).rejects.toThrow(
    `its programs in ${folder} cannot be run: is it mounted noexec?`,
  );
});

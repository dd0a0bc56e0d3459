import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFile,
  chmod,
  chown,
  copyFile,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { copyOf } from './program-copy.ts';

const VERSION = '1.0';
const DAY_MS = 24 * 60 * 60_000;
const isRoot = process.geteuid?.() === 0;

let top: string;
let from: string;
let folder: string;
/** A few programs in the shape of PostgreSQL's, the main one a sleep(1). */
beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'ferry-copy-'));
  from = join(top, 'closed');
  folder = join(top, 'open');
  for (const path of [folder, join(from, 'bin'), join(from, 'lib')]) await mkdir(path, { recursive: true });
  await copyFile('/bin/sleep', join(from, 'bin/postgres'));
  await writeFile(join(from, 'lib/libpq.so.5.18'), 'a library');
  await symlink('libpq.so.5.18', join(from, 'lib/libpq.so.5'));
  await symlink('lib', join(from, 'lib64'));
});
afterEach(() => rm(top, { recursive: true }));

/** As if nobody had asked for it since. */
const leaveUnused = (path: string, ms: number) =>
  utimes(path, new Date(Date.now() - ms), new Date(Date.now() - ms));

/** In a process of its own, which a shell puts into that state; what it gives or throws. */
async function copyAfter(state: string): Promise<string> {
  const script = `import { copyOf } from '${new URL('program-copy.ts', import.meta.url)}';
    console.log(await copyOf(...process.argv.slice(1)).catch(({ message }) => message));`;
  const node = [process.execPath, '--input-type=module', '-e', script, from, VERSION, folder];
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', `${state}; exec "$@"`, 'sh', ...node]);
  return stdout.trim();
}

/** An inode's number is given again at once, a time of this kind is not. */
const mark = (copy: string) => utimes(join(copy, 'bin/postgres'), 0, 0);
const isMarked = async (copy: string) => (await stat(join(copy, 'bin/postgres'))).mtimeMs === 0;

test('a copy is whole, and open to be read and run by everybody however closed the original and the umask are', async () => {
  await chmod(join(from, 'bin/postgres'), 0o700);
  await chmod(join(from, 'lib'), 0o700);
  await chmod(join(from, 'lib/libpq.so.5.18'), 0o600);
  const copy = await copyAfter('umask 077');
  const mode = async (name: string) => (await lstat(join(copy, name))).mode & 0o777;
  expect(await Promise.all(['', 'bin', 'bin/postgres', 'lib', 'lib/libpq.so.5.18'].map(mode))).toEqual([
    0o755, 0o755, 0o755, 0o755, 0o644,
  ]);
  expect(await readlink(join(copy, 'lib/libpq.so.5'))).toBe('libpq.so.5.18');
  expect(await readlink(join(copy, 'lib64'))).toBe('lib');
  expect(await readFile(join(copy, 'bin/postgres'))).toEqual(await readFile('/bin/sleep'));
  // Both see the same programs.
  expect(await copyOf(from, VERSION, folder)).toBe(copy);
});

test('other programs have another copy, although npm gives all files the same time', async () => {
  const copies = new Set([await copyOf(from, VERSION, folder), await copyOf(from, '1.1', folder)]);
  const { size, mtime } = await stat(join(from, 'bin/postgres'));
  await truncate(join(from, 'bin/postgres'), size - 1);
  await appendFile(join(from, 'bin/postgres'), '!');
  await utimes(join(from, 'bin/postgres'), mtime, mtime);
  copies.add(await copyOf(from, VERSION, folder));
  expect(copies.size).toBe(3);
});

describe('a copy is replaced when', () => {
  const cases: Record<string, (copy: string) => Promise<unknown>> = {
    'it is gone': (copy) => rm(copy, { recursive: true }),
    'a file of it is gone': (copy) => rm(join(copy, 'lib/libpq.so.5.18')),
    'a file of it is cut short': (copy) => truncate(join(copy, 'lib/libpq.so.5.18'), 1),
    'a program of it is another': (copy) => writeFile(join(copy, 'bin/postgres'), '#!/bin/sh\n'),
    'a file was added to it': (copy) => writeFile(join(copy, 'lib/more.so'), 'more'),
    'others may write to a file of it': (copy) => chmod(join(copy, 'lib/libpq.so.5.18'), 0o666),
    'others may write to a folder of it': (copy) => chmod(join(copy, 'bin'), 0o777),
    'it is a link to the same elsewhere': async (copy) => {
      await rename(copy, join(top, 'elsewhere'));
      await symlink(join(top, 'elsewhere'), copy);
    },
    'a file stands in its place': async (copy) => {
      await rm(copy, { recursive: true });
      await writeFile(copy, '');
    },
    ...(isRoot && {
      'it belongs to another user': (copy: string) => chown(copy, 54_321, 54_321),
      'a program of it belongs to another user': (copy: string) =>
        chown(join(copy, 'bin/postgres'), 54_321, 54_321),
    }),
  };
  test.for(Object.entries(cases))('%s', async ([, damage]) => {
    const copy = await copyOf(from, VERSION, folder);
    await mark(copy);
    await damage(copy);
    expect(await copyOf(from, VERSION, folder)).toBe(copy);
    expect((await lstat(copy)).isDirectory()).toBe(true);
    expect(await isMarked(copy)).toBe(false);
    expect(await readdir(folder)).toEqual([basename(copy)]);
    const { uid, mode } = await stat(join(copy, 'bin/postgres'));
    expect([uid, mode & 0o777]).toEqual([process.geteuid?.(), 0o755]);
    expect(await readFile(join(copy, 'lib/libpq.so.5'), 'utf8')).toBe('a library');
    // And what has been replaced stays.
    await mark(copy);
    await copyOf(from, VERSION, folder);
    expect(await isMarked(copy)).toBe(true);
  });
});

test('many that find a damaged copy at the same moment leave one that is whole', async () => {
  const copy = await copyOf(from, VERSION, folder);
  await truncate(join(copy, 'bin/postgres'), 1);
  const all = await Promise.all(Array.from({ length: 8 }, () => copyOf(from, VERSION, folder)));
  expect(new Set(all)).toEqual(new Set([copy]));
  expect(await readdir(folder)).toEqual([basename(copy)]);
  expect((await stat(join(copy, 'bin/postgres'))).size).toBe((await stat('/bin/sleep')).size);
});

test('a folder that others can change gets no copy: they could put their own programs there', async () => {
  const refusal = `its programs are not copied to ${folder}: other users could change them there`;
  await chmod(folder, 0o777);
  await expect(copyOf(from, VERSION, folder)).rejects.toThrow(refusal);
  // The sticky bit keeps others from what is ours, as in /tmp.
  await chmod(folder, 0o1777);
  await copyOf(from, VERSION, folder);
  await chmod(folder, 0o755);
  // Nor one that somebody could change who can change what is above it.
  await chmod(top, 0o775);
  await expect(copyOf(from, VERSION, folder)).rejects.toThrow(refusal);
  await chmod(top, 0o755);
  if (isRoot) {
    await chown(folder, 54_321, 54_321);
    await expect(copyOf(from, VERSION, folder)).rejects.toThrow(refusal);
  }
});

test('a copy that cannot be finished names the folder and the reason, and leaves nothing', async () => {
  // A file of more than 1 KiB fails in its middle, as on a disk that becomes full.
  expect(await copyAfter('ulimit -f 1')).toBe(
    `its programs cannot be copied to ${folder}: EFBIG: file too large`,
  );
  expect(await readdir(folder)).toEqual([]);
});

test('what a crash left half made, and other versions that nobody uses any more, are removed; what runs stays', async () => {
  const [idle, running, recent, last] = [
    await copyOf(from, 'idle', folder),
    await copyOf(from, 'running', folder),
    await copyOf(from, 'recent', folder),
    await copyOf(from, 'last', folder),
  ];
  const part = (name: string) => join(folder, `programs-${name.repeat(16)}.${crypto.randomUUID()}.part`);
  const [crashed, growing, foreign] = [part('a'), part('b'), join(folder, 'somebody-else')];
  for (const path of [crashed, growing, foreign]) await mkdir(path);
  const child = spawn(join(running, 'bin/postgres'), ['60'], { argv0: 'sleep', stdio: 'ignore' });
  try {
    await once(child, 'spawn');
    for (const path of [idle, running, foreign, last]) await leaveUnused(path, 2 * DAY_MS);
    await leaveUnused(crashed, 60 * 60_000);
    // A use that copies nothing counts.
    await copyOf(from, 'last', folder);
    const stays = [running, recent, last, growing, foreign].map((path) => basename(path)).sort();
    expect((await readdir(folder)).sort()).toEqual(stays);
    await copyOf(from, 'recent', folder);
    expect((await readdir(folder)).sort()).toEqual(stays);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await copyOf(from, 'recent', folder);
  expect(await readdir(folder)).not.toContain(basename(running));
});

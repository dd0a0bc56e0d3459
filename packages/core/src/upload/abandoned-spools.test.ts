import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { removeAbandonedSpools } from './abandoned-spools.ts';
import { fateOfOwner, spoolName } from './spool-owner.ts';
import { TestFolder } from './testing/folder.ts';

const HOUR = 3_600_000;

/** A process that dies between making its file and unlinking it: it makes one, and stops there. */
async function processWithSpool(folder: TestFolder): Promise<{ child: ChildProcess; name: string }> {
  const owner = fileURLToPath(new URL('./spool-owner.ts', import.meta.url));
  const program = `
    import { writeFileSync } from 'node:fs';
    import { spoolName } from ${JSON.stringify(owner)};
    const name = spoolName();
    writeFileSync(${JSON.stringify(folder.path)} + '/' + name, 'half an image', { flag: 'wx', mode: 0o600 });
    console.log(name);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  return { child, name: String(line).trim() };
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

test('what a process killed with -9 has left is removed, and what others still use is not', async () => {
  await using folder = await TestFolder.make();
  const [dead, running] = [await processWithSpool(folder), await processWithSpool(folder)];
  try {
    await kill(dead.child);
    const own = spoolName();
    await writeFile(join(folder.path, own), '');
    await writeFile(join(folder.path, 'somebody-elses.txt'), '');
    expect(await removeAbandonedSpools(folder.path, { maxAgeMs: 0, now: () => Date.now() + HOUR })).toBe(1);
    expect((await folder.names()).sort()).toEqual([own, running.name, 'somebody-elses.txt'].sort());
  } finally {
    await kill(running.child);
  }
  expect(await removeAbandonedSpools(folder.path, { maxAgeMs: HOUR })).toBe(1);
});

test('a process that was given the pid of a dead one is not taken for it', () => {
  const own = spoolName();
  expect(fateOfOwner(own)).toBe('alive');
  const [ferry, place, pid] = own.split('-');
  const earlier = `${ferry}-${place}-${pid}-1-${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}.spool`;
  expect(fateOfOwner(earlier)).toBe('dead');
  expect(fateOfOwner('ferry-1.spool')).toBeUndefined();
});

test('what another machine has left in a shared folder is removed when no request can last so long', async () => {
  await using folder = await TestFolder.make();
  const foreign = spoolName().replace(/^ferry-[0-9a-f]{12}/, 'ferry-000000000000');
  await writeFile(join(folder.path, foreign), '');
  const { mtimeMs } = await stat(join(folder.path, foreign));
  expect(await removeAbandonedSpools(folder.path, { maxAgeMs: HOUR, now: () => mtimeMs + HOUR })).toBe(0);
  expect(await removeAbandonedSpools(folder.path, { maxAgeMs: HOUR, now: () => mtimeMs + HOUR + 1 })).toBe(1);
});

test('a folder that was never made holds nothing', async () => {
  await using folder = await TestFolder.make();
  expect(await removeAbandonedSpools(join(folder.path, 'none'), { maxAgeMs: 0 })).toBe(0);
});

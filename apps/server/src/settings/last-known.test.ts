import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LastKnown } from './last-known.ts';

let folder: string;
let lastKnown: LastKnown;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ferry-settings-'));
  lastKnown = new LastKnown(folder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const REVISION = {
  revision: 4,
  at: new Date('2026-11-23T20:00:00Z'),
  who: 'admin',
  why: 'a test',
  overrides: { 'upload.reuse_session': true },
};

test('what was kept is read again, by nobody but its owner', async () => {
  expect(await lastKnown.read()).toBeUndefined();
  await lastKnown.write({ ...REVISION, revision: 3 });
  await lastKnown.write(REVISION);
  expect(await lastKnown.read()).toEqual(REVISION);
  expect(await readdir(folder)).toEqual(['settings.json']);
  expect((await stat(join(folder, 'settings.json'))).mode & 0o777).toBe(0o600);
});

test('what a crash left unfinished is not taken for it', async () => {
  await lastKnown.write(REVISION);
  await writeFile(join(folder, 'settings.json.part'), '{"revision": 5, "ove');
  expect(await lastKnown.read()).toEqual(REVISION);
  await lastKnown.write({ ...REVISION, revision: 6 });
  expect(await readdir(folder)).toEqual(['settings.json']);
});

test.each(['', '{', '[]', '{"revision": "4"}'])(
  'a file that says %j is an error, not settings',
  async (text) => {
    await writeFile(join(folder, 'settings.json'), text);
    await expect(lastKnown.read()).rejects.toThrow();
  },
);

test('it can be forgotten, twice', async () => {
  await lastKnown.write(REVISION);
  await lastKnown.remove();
  await lastKnown.remove();
  expect(await lastKnown.read()).toBeUndefined();
});

import { createHook } from 'node:async_hooks';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { ImageType } from '@ferry/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ImageStore } from './image-store.ts';

const PNG: ImageType = { mediaType: 'image/png', extension: 'png' };
const LIFETIME_MS = 60_000;
const bytes = Buffer.from('picture');

let folder: string;
let now: number;
let store: ImageStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ferry-images-'));
  now = Date.now();
  store = new ImageStore(folder, LIFETIME_MS, () => now);
});
afterEach(() => rm(folder, { recursive: true }));

test('a saved image comes back as it was, with its type', async () => {
  const name = await store.save(bytes, PNG);
  const found = await store.find(name);
  expect(found).toMatchObject({ mediaType: 'image/png', bytes: bytes.byteLength });
  if (found === undefined) throw new Error('not found');
  expect(await buffer(found.read())).toEqual(bytes);
});

test('a large image takes no more steps than a small one: it is made, written and closed', async () => {
  const steps: string[] = [];
  const ofFiles = new Set(['FSREQPROMISE', 'FILEHANDLECLOSEREQ']);
  const hook = createHook({ init: (_, type) => void (ofFiles.has(type) && steps.push(type)) }).enable();
  const name = await store.save(Buffer.alloc(3_000_000, 'x'), PNG);
  hook.disable();
  expect(steps).toEqual(['FSREQPROMISE', 'FSREQPROMISE', 'FILEHANDLECLOSEREQ']);
  expect((await store.find(name))?.bytes).toBe(3_000_000);
});

test('names are long, random and hold no path', async () => {
  const names = new Set(await Promise.all(Array.from({ length: 20 }, () => store.save(bytes, PNG))));
  expect(names.size).toBe(20);
  for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_-]{24}\.png$/);
  expect((await readdir(folder)).sort()).toEqual([...names].sort());
});

test.each(['../secret.png', '..%2fsecret.png', '/etc/passwd', '', 'a.png', `${'a'.repeat(24)}.exe`])(
  'the name %j finds nothing',
  async (name) => {
    await writeFile(join(folder, 'a.png'), bytes);
    expect(await store.find(name)).toBeUndefined();
  },
);

test('an image past its lifetime is not served and the sweep removes it', async () => {
  const old = await store.save(bytes, PNG);
  const fresh = await store.save(bytes, PNG);
  await utimes(join(folder, fresh), new Date(now + 1_000), new Date(now + 1_000));
  now += LIFETIME_MS + 500;
  expect(await store.find(old)).toBeUndefined();
  expect(await store.sweep()).toBe(1);
  expect(await readdir(folder)).toEqual([fresh]);
});

test('the sweep removes what a killed process left, now and in earlier versions, and nothing of others', async () => {
  await writeFile(join(folder, `${'a'.repeat(24)}.png`), '');
  await writeFile(join(folder, '.abc.part'), bytes);
  await writeFile(join(folder, 'notes.txt'), bytes);
  now += 2 * 3_600_000;
  expect(await store.sweep()).toBe(2);
  expect(await readdir(folder)).toEqual(['notes.txt']);
});

test('a folder that cannot be written gives an error and leaves nothing', async () => {
  const lost = new ImageStore(join(folder, 'missing'), LIFETIME_MS);
  await expect(lost.save(bytes, PNG)).rejects.toThrow('ENOENT');
});

test('an image that cannot be written leaves nothing', async () => {
  const noBytes = { byteLength: 1 } as Uint8Array;
  await expect(store.save(noBytes, PNG)).rejects.toThrow(TypeError);
  expect(await readdir(folder)).toEqual([]);
});

import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DiskStore } from './disk-store.ts';
import { createTempDir } from './temp-dir.ts';

let base: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'ferry-storage-test-'));
});
afterEach(() => rm(base, { recursive: true, force: true }));

describe('files on disk', () => {
  let now = 0;
  async function storeWith(bytes: Readonly<Record<string, number>>): Promise<DiskStore<null>> {
    const store = new DiskStore<null>({ dir: base, maxBytes: 100, maxAgeMs: 1000, now: () => now });
    for (const [id, size] of Object.entries(bytes)) await add(store, id, size);
    return store;
  }
  async function add(store: DiskStore<null>, id: string, size: number, maxAgeMs?: number): Promise<void> {
    await writeFile(store.pathOf(id), Buffer.alloc(size));
    await store.put(id, size, null, maxAgeMs);
  }

  it('that are used least go first when there is no more room', async () => {
    const store = await storeWith({ a: 40, b: 40 });
    store.get('a');
    await add(store, 'c', 40);
    expect((await readdir(base)).sort()).toEqual(['a', 'c']);
    expect(store.get('b')).toBeUndefined();
    expect(store.get('a')?.bytes).toBe(40);
  });

  it('are kept even when one alone is larger than the room: its owner was promised it', async () => {
    const store = await storeWith({ large: 150 });
    expect(store.get('large')).toBeDefined();
    await add(store, 'next', 10);
    expect(await readdir(base)).toEqual(['next']);
  });

  it('are gone after their age, each its own', async () => {
    const store = await storeWith({ a: 10 });
    await add(store, 'long', 10, 5000);
    now += 1001;
    expect(store.get('a')).toBeUndefined();
    expect(store.get('long')).toBeDefined();
    await add(store, 'b', 10);
    expect((await readdir(base)).sort()).toEqual(['b', 'long']);
  });

  it('are deleted once, and what was never taken in is thrown away', async () => {
    const store = await storeWith({ a: 10 });
    expect(await store.delete('a')).toBe(true);
    expect(await store.delete('a')).toBe(false);
    await writeFile(store.pathOf('stray'), 'x');
    await store.discard('stray');
    expect(await readdir(base)).toEqual([]);
  });
});

describe('the temporary directory', () => {
  it('is removed with all in it, and once is enough', async () => {
    const dir = await createTempDir(base);
    await writeFile(join(dir.path, 'file'), 'x');
    await dir.remove();
    await dir.remove();
    expect(existsSync(dir.path)).toBe(false);
  });

  it('of a process that was killed is removed by the next; one that lives keeps its own', async () => {
    // No process has this number: it is above what Linux gives out.
    const dead = join(base, 'ferry-upstream-sim-4194305-abc');
    const alive = join(base, `ferry-upstream-sim-${process.ppid}-abc`);
    const foreign = join(base, 'somebody-else');
    for (const path of [dead, alive, foreign]) await mkdir(path);
    const dir = await createTempDir(base);
    expect([dead, alive, foreign, dir.path].map((path) => existsSync(path))).toEqual([
      false,
      true,
      true,
      true,
    ]);
    await dir.remove();
  });
});

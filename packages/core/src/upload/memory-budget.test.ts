import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryBudget } from './memory-budget.ts';
import { Spool } from './spool.ts';
import { collect, patterned } from './testing/bytes.ts';
import { TestFolder } from './testing/folder.ts';

const KIB = 1024;

describe('memory that spools share', () => {
  test('an image that fits in what is free never sees the disk', async () => {
    await using folder = await TestFolder.make();
    const budget = new MemoryBudget({ bytes: 4_096 * KIB, spoolBytes: 2_048 * KIB });
    const content = patterned(1_000_000);
    await using spool = new Spool({ directory: folder.path, budget });
    await spool.write(content);
    spool.end();
    expect(await folder.openFiles()).toBe(0);
    expect(budget.free).toBeLessThan(budget.bytes);
    expect((await collect(spool.read())).equals(content)).toBe(true);
  });

  test('what is larger than a spool’s share goes to the disk and gives its share back', async () => {
    await using folder = await TestFolder.make();
    const budget = new MemoryBudget({ bytes: 4_096 * KIB, spoolBytes: 512 * KIB });
    const content = patterned(3_000_000);
    await using spool = new Spool({ directory: folder.path, budget });
    for (let at = 0; at < content.byteLength; at += 65_536)
      await spool.write(content.subarray(at, at + 65_536));
    spool.end();
    expect(await folder.openFiles()).toBe(1);
    expect(budget.free).toBe(budget.bytes);
    expect((await collect(spool.read())).equals(content)).toBe(true);
  });

  test('when others have taken it all, a spool goes to the disk as without it; what they give back the next one has', async () => {
    await using folder = await TestFolder.make();
    const budget = new MemoryBudget({ bytes: 768 * KIB, spoolBytes: 2_048 * KIB });
    const options = { directory: folder.path, budget };
    const first = new Spool(options);
    await first.write(patterned(1_000 * KIB));
    expect(budget.free).toBe(0);
    await using second = new Spool(options);
    await second.write(patterned(300 * KIB));
    expect(await folder.openFiles()).toBe(1);
    await first[Symbol.asyncDispose]();
    expect(budget.free).toBe(budget.bytes);
    await using third = new Spool(options);
    await third.write(patterned(300 * KIB));
    expect(await folder.openFiles()).toBe(1);
  });

  test('whatever spools do at once, all is read as written, never more is taken than there is, and all comes back', async () => {
    await using folder = await TestFolder.make();
    await fc.assert(
      fc.asyncProperty(
        fc.nat(2_000_000),
        fc.nat(1_500_000),
        fc.array(fc.tuple(fc.nat(900_000), fc.integer({ min: 1, max: 300_000 }), fc.boolean()), {
          minLength: 1,
          maxLength: 6,
        }),
        async (bytes, spoolBytes, uploads) => {
          const budget = new MemoryBudget({ bytes, spoolBytes });
          let least = budget.free;
          await Promise.all(
            uploads.map(async ([length, piece, isAbandoned], seed) => {
              const content = patterned(length, seed);
              await using spool = new Spool({ directory: folder.path, memoryBytes: 100_000, budget });
              for (let at = 0; at < length; at += piece) {
                await spool.write(content.subarray(at, at + piece));
                least = Math.min(least, budget.free);
                if (isAbandoned && at > length / 2) return;
              }
              spool.end();
              const digest = (read: Buffer) => createHash('sha256').update(read).digest('hex');
              expect(digest(await collect(spool.read()))).toBe(digest(content));
            }),
          );
          expect(least).toBeGreaterThanOrEqual(0);
          expect(budget.free).toBe(bytes);
          expect(await folder.openFiles()).toBe(0);
        },
      ),
      { numRuns: 30 },
    );
  });
});

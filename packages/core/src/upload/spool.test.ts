import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_SLICE_BYTES } from '../transport/request-body.ts';
import { SpoolLimitError } from './input-error.ts';
import { fromSpool, Spool } from './spool.ts';
import { collect, ManualStream, patterned, slicesOf } from './testing/bytes.ts';
import { TestFolder } from './testing/folder.ts';

/** Cuts `bytes` into chunks of the given sizes, the last one taking the rest. */
function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let at = 0;
  for (const size of sizes) {
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  chunks.push(bytes.subarray(at));
  return chunks;
}

describe('what is written is what is read', () => {
  test('any content, in any chunks, from any memory size, by readers that come at any time', async () => {
    await using folder = await TestFolder.make();
    await fc.assert(
      fc.asyncProperty(
        fc.nat(40_000),
        fc.array(fc.nat(9_000), { maxLength: 8 }),
        fc.nat(20_000),
        fc.array(fc.nat(9), { minLength: 1, maxLength: 4 }),
        async (length, sizes, memoryBytes, arrivals) => {
          const content = patterned(length, length + 1);
          const chunks = cut(content, sizes);
          await using spool = new Spool({ directory: folder.path, memoryBytes, sha256: true });
          const readers: Promise<Buffer>[] = [];
          for (const [index, chunk] of chunks.entries()) {
            for (const arrival of arrivals) if (arrival === index) readers.push(collect(spool.read()));
            await spool.write(chunk);
          }
          spool.end();
          readers.push(collect(spool.read()));
          for (const read of await Promise.all(readers)) expect(read.equals(content)).toBe(true);
          expect(spool.byteLength).toBe(length);
          expect(spool.sha256).toBe(createHash('sha256').update(content).digest('hex'));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a large file comes back in slices of at most 256 KiB', async () => {
    await using folder = await TestFolder.make();
    const content = patterned(1_500_000);
    await using spool = await Spool.from(
      (async function* () {
        yield content;
      })(),
      { directory: folder.path },
    );
    const slices = await slicesOf(spool.read());
    expect(Math.max(...slices.map((slice) => slice.byteLength))).toBeLessThanOrEqual(MAX_SLICE_BYTES);
    expect(Buffer.concat(slices).equals(content)).toBe(true);
  });

  test('a writer may use its chunk again as soon as it is written', async () => {
    await using folder = await TestFolder.make();
    await using spool = new Spool({ directory: folder.path, memoryBytes: 8 });
    const chunk = Buffer.from('12345');
    for (const letter of ['a', 'b', 'c']) await spool.write(chunk.fill(letter));
    spool.end();
    expect((await collect(spool.read())).toString()).toBe('aaaaabbbbbccccc');
  });

  test('what fills a spool is kept as it is when it is large, and copied when it would keep more alive', async () => {
    const large = Buffer.alloc(8_192, 'a');
    const small = Buffer.alloc(64 * 1024, 'b').subarray(0, 10);
    await using spool = await Spool.from(
      (async function* () {
        yield large;
        yield small;
      })(),
    );
    const slices = await slicesOf(spool.read());
    expect(slices.map(({ byteLength }) => byteLength)).toEqual([8_192, 10]);
    expect(slices[0]?.buffer).toBe(large.buffer);
    expect(slices[1]?.buffer.byteLength).toBeLessThan(64 * 1024);
  });

  test('the end of what is too large for memory is read without the disk', async () => {
    await using folder = await TestFolder.make();
    const spool = new Spool({ directory: folder.path, memoryBytes: 1_000 });
    await using _spool = spool;
    const reader = spool.read();
    for (let i = 0; i < 40; i += 1) {
      await spool.write(patterned(300, i));
      // A reader that keeps pace gets the writer's memory, at once: a file's bytes would be its own.
      expect((await reader.next()).value?.byteLength).toBe(300);
    }
    spool.end();
    expect((await reader.next()).done).toBe(true);
    expect((await collect(spool.read())).byteLength).toBe(12_000);
  });

  test('the first bytes can be looked at before the rest has come', async () => {
    await using spool = new Spool();
    const head = spool.head(4);
    await spool.write(Buffer.from('\x89P'));
    await spool.write(Buffer.from('NG and more'));
    expect((await head).byteLength).toBe(4);
    spool.end();
    expect((await spool.head(1_000)).byteLength).toBe(await spool.whole());
  });
});

describe('reading while it grows', () => {
  test('a reader has the first chunk while the second has not been written', async () => {
    await using spool = new Spool();
    const reader = spool.read();
    const first = reader.next();
    await spool.write(Buffer.from('first'));
    expect((await first).value?.toString()).toBe('first');
    expect(spool.byteLength).toBeUndefined();
    const second = reader.next();
    await spool.write(Buffer.from('second'));
    expect((await second).value?.toString()).toBe('second');
    const last = reader.next();
    spool.end();
    expect((await last).done).toBe(true);
  });

  test('a waiting reader fails with the writer and never sees an end', async () => {
    await using spool = new Spool();
    await spool.write(Buffer.from('half an ima'));
    const reader = spool.read();
    await reader.next();
    const gone = new Error('the client went away');
    const waiting = expect(reader.next()).rejects.toBe(gone);
    spool.fail(gone);
    await waiting;
    await expect(collect(spool.read())).rejects.toBe(gone);
    await expect(spool.whole()).rejects.toBe(gone);
    expect(spool.failure).toEqual({ error: gone });
    expect(spool.byteLength).toBeUndefined();
  });

  test('a reader that leaves while it waits is let go at once, and the others read on', async () => {
    await using spool = new Spool();
    const leaving = spool.read();
    const waiting = leaving.next();
    const staying = collect(spool.read());
    await leaving.return?.();
    expect((await waiting).done).toBe(true);
    await spool.write(Buffer.from('all of it'));
    spool.end();
    expect((await staying).toString()).toBe('all of it');
    expect((await leaving.next()).done).toBe(true);
  });

  test('as a body it can be sent again, and knows its length once the end is there', async () => {
    await using spool = new Spool();
    const body = fromSpool(spool);
    expect(body.byteLength).toBeUndefined();
    await spool.write(Buffer.from('again'));
    spool.end();
    expect(body.byteLength).toBe(5);
    expect(body.replayable).toBe(true);
    expect((await collect(body.open())).toString()).toBe('again');
    expect((await collect(body.open())).toString()).toBe('again');
  });
});

describe('limits and failures', () => {
  test('content over the limit is refused and every reader hears of it', async () => {
    await using spool = new Spool({ maxBytes: 10 });
    const reader = expect(collect(spool.read())).rejects.toThrow('larger than the limit of 10 bytes');
    await spool.write(Buffer.alloc(10));
    await expect(spool.write(Buffer.alloc(1))).rejects.toThrow(SpoolLimitError);
    await reader;
  });

  test('a directory that cannot be written fails the writer and the readers with the reason', async () => {
    await using folder = await TestFolder.make();
    const file = join(folder.path, 'a-file');
    await writeFile(file, '');
    await using spool = new Spool({ directory: file, memoryBytes: 0 });
    const reader = expect(collect(spool.read())).rejects.toMatchObject({ code: 'ENOTDIR' });
    await expect(spool.write(Buffer.from('x'))).rejects.toMatchObject({ code: 'ENOTDIR' });
    await reader;
  });

  test('a write while another waits for room is refused, since nobody would feel the back-pressure', async () => {
    await using folder = await TestFolder.make();
    await using spool = new Spool({ directory: folder.path, memoryBytes: 0 });
    const first = spool.write(Buffer.from('a'));
    await expect(spool.write(Buffer.from('b'))).rejects.toThrow('one write() at a time');
    await first;
    spool.end();
    await expect(spool.write(Buffer.from('c'))).rejects.toThrow('has ended');
  });

  test('a source that fails half-way leaves no spool, no file and its own error', async () => {
    await using folder = await TestFolder.make();
    const broken = new Error('the disk of the sender broke');
    const source = (async function* () {
      yield patterned(5_000);
      throw broken;
    })();
    await expect(Spool.from(source, { directory: folder.path, memoryBytes: 0 })).rejects.toBe(broken);
    expect(await folder.names()).toEqual([]);
    expect(await folder.openFiles()).toBe(0);
  });

  test('an abort lets a silent source go at once', async () => {
    const source = new ManualStream();
    const abort = new AbortController();
    await using spool = new Spool();
    const filling = expect(spool.fill(source, abort.signal)).rejects.toThrow('not wanted any more');
    const reader = expect(collect(spool.read())).rejects.toThrow('not wanted any more');
    abort.abort(new Error('not wanted any more'));
    await Promise.all([filling, reader]);
    expect(source.left).toBe(true);
  });

  test('disposing of a spool destroys the silent stream that fills it', async () => {
    const stream = new PassThrough();
    const spool = new Spool();
    const filling = expect(spool.fill(stream)).rejects.toThrow('disposed');
    const closed = once(stream, 'close');
    await spool[Symbol.asyncDispose]();
    await filling;
    await closed;
    expect(stream.destroyed).toBe(true);
  });
});

describe('nothing is left behind', () => {
  test('the temporary file has no name while it is used and is closed after', async () => {
    await using folder = await TestFolder.make();
    const directory = join(folder.path, 'spool');
    const spool = new Spool({ directory, memoryBytes: 100 });
    await spool.write(patterned(100));
    expect(await folder.names()).toEqual([]);
    await spool.write(patterned(100));
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect(await readdir(directory)).toEqual([]);
    expect(await folder.openFiles()).toBe(1);
    await Promise.all([spool[Symbol.asyncDispose](), spool[Symbol.asyncDispose]()]);
    expect(await folder.openFiles()).toBe(0);
    await expect(collect(spool.read())).rejects.toThrow('disposed');
    await expect(spool.write(patterned(1))).rejects.toThrow('disposed');
  });

  test('disposing in the middle of writes and reads waits for the disk and closes the file', async () => {
    await using folder = await TestFolder.make();
    const spool = new Spool({ directory: folder.path, memoryBytes: 0 });
    await spool.write(patterned(600_000));
    const read = expect(collect(spool.read())).rejects.toThrow('disposed');
    const write = expect(spool.write(patterned(600_000))).rejects.toThrow('disposed');
    await spool[Symbol.asyncDispose]();
    await Promise.all([read, write]);
    expect(await folder.openFiles()).toBe(0);
  });

  test('a process that is killed with -9 leaves no file', async () => {
    await using folder = await TestFolder.make();
    const spoolModule = fileURLToPath(new URL('./spool.ts', import.meta.url));
    const program = `
      import { Spool } from ${JSON.stringify(spoolModule)};
      const spool = new Spool({ directory: ${JSON.stringify(folder.path)}, memoryBytes: 1000 });
      await spool.write(new Uint8Array(1_000_000));
      console.log('spooled');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [line] = await once(child.stdout, 'data');
      expect(String(line)).toContain('spooled');
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    expect(await folder.names()).toEqual([]);
  });
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Spool } from './spool.ts';
import { collect, ManualStream, patterned, pngOf } from './testing/bytes.ts';
import { TestFolder } from './testing/folder.ts';
import { Site } from './testing/site.ts';
import type { UploadInput } from './upload.ts';
import { openUploadSource } from './upload-source.ts';

const png = pngOf(5_000);
const PUBLIC = '127.0.0.2';
const url = { isAllowed: (address: string) => address === PUBLIC };

async function* streamOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += 1_000) yield bytes.subarray(at, at + 1_000);
}

describe('every form of input gives the same bytes', () => {
  const forms: readonly (readonly [string, (png: Buffer) => UploadInput, string])[] = [
    ['bytes', (bytes) => ({ bytes }), 'image.png'],
    ['a stream', (bytes) => ({ stream: streamOf(bytes) }), 'image.png'],
    ['base64', (bytes) => ({ base64: bytes.toString('base64url') }), 'image.png'],
    [
      'a data URI',
      (bytes) => ({ dataUri: `data:text/plain;base64,${bytes.toString('base64')}` }),
      'image.png',
    ],
  ];

  test.each(forms)('%s', async (_form, input, filename) => {
    await using folder = await TestFolder.make();
    await using source = await openUploadSource(input(png), {
      spool: { directory: folder.path, memoryBytes: 100 },
    });
    expect((await collect(source.body.open())).equals(png)).toBe(true);
    expect(source).toMatchObject({ filename, contentType: 'image/png', byteLength: png.byteLength });
    expect(source.body.replayable).toBe(true);
    await source.release();
    await source.release();
    expect(await folder.openFiles()).toBe(0);
  });

  test('a path', async () => {
    await using folder = await TestFolder.make();
    const path = join(folder.path, 'cat.jpeg');
    await writeFile(path, png);
    await using source = await openUploadSource({ path });
    expect((await collect(source.body.open())).equals(png)).toBe(true);
    expect(source).toMatchObject({ filename: 'cat.jpeg', contentType: 'image/png', byteLength: 5_000 });
    expect(await folder.openFiles()).toBe(0);
  });

  test('a URL, named after its last part and what it is', async () => {
    await using folder = await TestFolder.make();
    await using site = await Site.start(PUBLIC, (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end(png);
    });
    const spool = { directory: folder.path, memoryBytes: 100 };
    await using source = await openUploadSource({ url: site.url('/photos/cat?size=1') }, { spool, url });
    expect((await collect(source.body.open())).equals(png)).toBe(true);
    expect(source).toMatchObject({ filename: 'cat.png', contentType: 'image/png' });
    await source.release();
    expect(await folder.openFiles()).toBe(0);
    await site.untilQuiet();
  });

  test('a spool of the caller’s, which stays the caller’s', async () => {
    await using spool = await Spool.from(streamOf(png));
    const source = await openUploadSource({ spool, filename: 'mine.png' });
    await source.release();
    expect((await collect(spool.read())).equals(png)).toBe(true);
    expect(source.filename).toBe('mine.png');
  });
});

describe('name and type', () => {
  test('what the caller says is kept, the name without its directories', async () => {
    await using source = await openUploadSource({
      bytes: png,
      filename: '../../etc/cat\r\n.jpg',
      contentType: 'image/x-special',
    });
    expect(source).toMatchObject({ filename: 'cat.jpg', contentType: 'image/x-special' });
  });

  test('what is not an image is named by what its input says, or not at all', async () => {
    await using said = await openUploadSource({ dataUri: 'data:text/csv,a;b' });
    expect(said).toMatchObject({ filename: 'upload.bin', contentType: 'text/csv' });
    await using silent = await openUploadSource({ bytes: new Uint8Array(0), filename: '..' });
    expect(silent).toMatchObject({
      filename: 'upload.bin',
      contentType: 'application/octet-stream',
      byteLength: 0,
    });
  });

  test('a type with a line break in it is refused', async () => {
    const opening = openUploadSource({ bytes: png, contentType: 'image/png\r\nx-evil: 1' });
    await expect(opening).rejects.toMatchObject({ code: 'malformed' });
  });
});

describe('cut-through', () => {
  test('the source is open as soon as the first bytes are there', async () => {
    const stream = new ManualStream();
    const opening = openUploadSource({ stream });
    stream.push(png.subarray(0, 64));
    await using source = await opening;
    expect(source).toMatchObject({ filename: 'image.png', byteLength: undefined, storedBytes: 64 });
    const whole = collect(source.body.open());
    stream.push(png.subarray(64));
    stream.push('end');
    expect((await whole).equals(png)).toBe(true);
    expect(source.byteLength).toBe(png.byteLength);
  });

  test('a stream that fails later fails the body, and says why', async () => {
    const stream = new ManualStream();
    stream.push(png);
    await using source = await openUploadSource({ stream });
    const gone = new Error('the client went away');
    const whole = expect(collect(source.body.open())).rejects.toBe(gone);
    stream.push({ error: gone });
    await whole;
    expect(source.failure).toEqual({ error: gone });
  });

  test('releasing it early lets a silent stream go', async () => {
    const stream = new ManualStream();
    stream.push(png);
    const source = await openUploadSource({ stream });
    await source.release();
    expect(stream.left).toBe(true);
  });

  test('releasing it early closes the connection of a URL', async () => {
    await using site = await Site.start(PUBLIC, (_request, response) => void response.write(png));
    const source = await openUploadSource({ url: site.url('/cat.png') }, { url });
    await source.release();
    await site.untilQuiet();
  });
});

describe('failures release what was opened', () => {
  test('an abort while the first bytes are awaited', async () => {
    const stream = new ManualStream();
    const abort = new AbortController();
    const opening = expect(openUploadSource({ stream }, { signal: abort.signal })).rejects.toThrow('stop');
    abort.abort(new Error('stop'));
    await opening;
    expect(stream.left).toBe(true);

    await using spool = new Spool();
    const second = new AbortController();
    const waiting = expect(openUploadSource({ spool }, { signal: second.signal })).rejects.toThrow('stop');
    second.abort(new Error('stop'));
    await waiting;
    await spool.write(png);
  });

  test('a stream that fails before enough has come to know what it is', async () => {
    await using folder = await TestFolder.make();
    const stream = new ManualStream();
    stream.push(png.subarray(0, 10));
    stream.push({ error: new Error('no camera') });
    const spool = { directory: folder.path, memoryBytes: 0 };
    await expect(openUploadSource({ stream }, { spool })).rejects.toThrow('no camera');
    expect(await folder.openFiles()).toBe(0);
  });

  test('every form over the limit is refused with the same error', async () => {
    await using folder = await TestFolder.make();
    const path = join(folder.path, 'large.png');
    await writeFile(path, png);
    await using site = await Site.start(PUBLIC, (_request, response) => void response.end(png));
    const inputs: readonly UploadInput[] = [
      { path },
      { bytes: png },
      { stream: streamOf(png) },
      { base64: png.toString('base64') },
      { dataUri: `data:image/png;base64,${png.toString('base64')}` },
      { url: site.url('/') },
    ];
    for (const input of inputs) {
      const opening = openUploadSource(input, { spool: { maxBytes: 4_999 }, url }).then(async (source) => {
        await using open = source;
        await collect(open.body.open());
      });
      await expect(opening, Object.keys(input)[0]).rejects.toMatchObject({ code: 'too_large' });
    }
    await site.untilQuiet();
  });

  test('a path that is missing or a folder', async () => {
    await using folder = await TestFolder.make();
    const missing = openUploadSource({ path: join(folder.path, 'none.png') });
    await expect(missing).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(openUploadSource({ path: folder.path })).rejects.toThrow('not a file');
  });

  test('a path is never taken from text that is something else', async () => {
    await expect(openUploadSource({ url: '/etc/passwd' })).rejects.toMatchObject({ code: 'malformed' });
    await expect(openUploadSource({ url: 'file:///etc/passwd' })).rejects.toMatchObject({
      code: 'url_not_allowed',
    });
    await expect(openUploadSource({ dataUri: '/etc/passwd' })).rejects.toMatchObject({ code: 'malformed' });
    await using base64 = await openUploadSource({ base64: '/etc/passwd+' });
    expect(base64.byteLength).toBe(9);
  });

  test('a large file on disk is sent as it lies there', async () => {
    await using folder = await TestFolder.make();
    const path = join(folder.path, 'large.bin');
    const content = patterned(1_000_000);
    await writeFile(path, content);
    await using source = await openUploadSource({ path });
    expect((await collect(source.body.open())).equals(content)).toBe(true);
  });
});

import { describe, expect, test } from 'vitest';
import { imageSource } from './image-source.ts';

async function* pieces(text: string | Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text as string);
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

async function read(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function decoded(uri: string, size: number): Promise<Buffer> {
  const source = await imageSource(pieces(uri, size), false);
  if (source.kind !== 'data-uri') throw new Error(`took it for a ${source.kind}`);
  return await read(source.bytes);
}

describe('a data URI', () => {
  const content = Buffer.from(Array.from({ length: 1000 }, (_, i) => (i * 37) % 256));
  const base64 = content.toString('base64');

  test.each([1, 2, 3, 5, 7, 64, 10_000])(
    'comes out the same when it arrives in pieces of %i bytes',
    async (size) => {
      expect(await decoded(`data:image/png;base64,${base64}`, size)).toEqual(content);
    },
  );

  test.each([0, 1, 2, 3, 4])('with %i bytes is whole, padded or not', async (length) => {
    const part = content.subarray(0, length);
    const text = part.toString('base64');
    expect(await decoded(`data:;base64,${text}`, 3)).toEqual(part);
    expect(await decoded(`data:;base64,${text.replace(/=+$/, '')}`, 3)).toEqual(part);
  });

  test('may have line breaks and the URL-safe alphabet', async () => {
    const wrapped = base64.replaceAll('+', '-').replaceAll('/', '_').replace(/.{76}/g, '$&\r\n');
    expect(await decoded(`DATA:image/png;BASE64,${wrapped}`, 11)).toEqual(content);
  });

  test.each([
    'data:image/png;base64',
    'data:image/png,plain',
    'data:image/png;base64,****',
    'data:image/png;base64,AA=A',
    'data:image/png;base64,AAAA====',
    'data:image/png;base64,A',
    `data:${'x'.repeat(5000)};base64,AAAA`,
  ])('%s is refused', async (uri) => {
    await expect(decoded(uri, 7)).rejects.toMatchObject({ code: 'malformed' });
  });
});

test('a data URI without a comma is not read on and on', async () => {
  let read = 0;
  const endless = async function* () {
    yield Buffer.from('data:image/png;base64');
    for (; read < 1_000_000; read += 1_000) yield Buffer.alloc(1_000, 'x');
  };
  const source = await imageSource(endless(), false);
  if (source.kind !== 'data-uri') throw new Error('not a data URI');
  await expect(source.bytes[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'malformed' });
  expect(read).toBeLessThan(10_000);
});

test('text that starts with http is an address, however it is cut', async () => {
  for (const size of [1, 4, 100]) {
    expect(await imageSource(pieces(' https://a.example/x.png', size), false)).toMatchObject({
      kind: 'file',
    });
    expect(await imageSource(pieces('HTTPS://a.example/x.png\n', size), false)).toEqual({
      kind: 'url',
      url: 'HTTPS://a.example/x.png',
    });
  }
});

test('an endless address is refused', async () => {
  await expect(imageSource(pieces(`http://${'a'.repeat(9000)}`, 100), false)).rejects.toMatchObject({
    code: 'malformed',
  });
});

test('a file that begins like an address is a file', async () => {
  const source = await imageSource(pieces('http://a.example', 5), true);
  if (source.kind !== 'file') throw new Error('not a file');
  expect((await read(source.bytes)).toString()).toBe('http://a.example');
});

test('other text is bytes, from its first to its last', async () => {
  const source = await imageSource(pieces('hello', 2), false);
  if (source.kind !== 'file') throw new Error('not a file');
  expect((await read(source.bytes)).toString()).toBe('hello');
});

import { File } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromBytes, fromFactory, MAX_SLICE_BYTES, oneShot } from '../transport/request-body.ts';
import { type MultipartForm, multipart } from './multipart.ts';
import { fromSpool, Spool } from './spool.ts';
import { collect, patterned, slicesOf } from './testing/bytes.ts';
import { parseMultipart } from './testing/multipart-parser.ts';

const photo = { field: 'file', filename: 'photo.jpg', contentType: 'image/jpeg' };

/** What a name looks like between its quotes: only three characters are written differently. */
const escaped = (name: string): string =>
  name.toWellFormed().replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

describe('a strict parser reads back', () => {
  test('any fields, any names, any file, and the length that was announced', async () => {
    const anyText = fc.string({ unit: 'binary', maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(anyText, anyText, { maxKeys: 5 }),
        anyText,
        anyText,
        fc.uint8Array({ maxLength: 3_000 }),
        async (fields, field, filename, content) => {
          const form: MultipartForm = {
            fields,
            files: [{ field, filename, contentType: 'image/png', body: fromBytes(content) }],
          };
          const body = multipart(form);
          const bytes = await collect(body.open());
          expect(bytes.byteLength).toBe(body.byteLength);
          const parts = parseMultipart(body.contentType, bytes);
          const file = parts.pop();
          expect(parts.map((part) => [part.name, part.content.toString()])).toEqual(
            Object.entries(fields).map(([name, value]) => [escaped(name), value.toWellFormed()]),
          );
          expect(file?.name).toBe(escaped(field));
          expect(file?.filename).toBe(escaped(filename));
          expect(file?.headers.get('content-type')).toBe('image/png');
          expect(file?.content.equals(content)).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('a form that the platform itself understands', async () => {
    const content = patterned(700_000);
    const body = multipart({
      fields: { purpose: 'assistants', note: 'línea 1\nline 2' },
      files: [{ ...photo, body: fromBytes(content) }],
    });
    const bytes = await collect(body.open());
    const form = await new Response(bytes, { headers: { 'content-type': body.contentType } }).formData();
    expect(form.get('purpose')).toBe('assistants');
    expect(form.get('note')).toBe('línea 1\nline 2');
    const file = form.get('file');
    if (!(file instanceof File)) throw new Error('the file is not a file');
    expect([file.name, file.type]).toEqual(['photo.jpg', 'image/jpeg']);
    expect(Buffer.from(await file.arrayBuffer()).equals(content)).toBe(true);
  });
});

describe('several files', () => {
  const images = [patterned(300_000, 1), patterned(10, 2), patterned(600_000, 3)];
  const files = images.map((content, i) => ({
    field: 'image[]',
    filename: `${i}.png`,
    contentType: 'image/png',
    body: fromBytes(content),
  }));
  const [first, ...rest] = files;
  if (first === undefined) throw new Error('there is no file');

  test('arrive in their order after the fields, and the whole length was announced', async () => {
    const body = multipart({ fields: { prompt: 'x', n: '2' }, files: [first, ...rest] });
    const bytes = await collect(body.open());
    expect(bytes.byteLength).toBe(body.byteLength);
    const parts = parseMultipart(body.contentType, bytes);
    expect(parts.map(({ name, filename }) => [name, filename])).toEqual([
      ['prompt', undefined],
      ['n', undefined],
      ['image[]', '0.png'],
      ['image[]', '1.png'],
      ['image[]', '2.png'],
    ]);
    expect(parts.slice(2).map(({ content }, i) => images[i]?.equals(content))).toEqual([true, true, true]);
    expect((await collect(body.open())).equals(bytes)).toBe(true);
  });

  test('are opened one at a time, and none after one that failed', async () => {
    let opened = 0;
    const counting = (bytes: Uint8Array, length = bytes.byteLength) =>
      fromFactory(() => {
        opened += 1;
        return [bytes];
      }, length);
    const good = { ...photo, body: counting(patterned(4)) };
    const body = multipart({
      fields: {},
      files: [good, { ...photo, body: counting(patterned(4), 5) }, good],
    });
    await expect(collect(body.open())).rejects.toThrow('the file is shorter than it said');
    expect(opened).toBe(2);
  });

  test('cannot be sent again, and have no known length, when that is so of one of them', () => {
    const once = { ...photo, body: oneShot(fromBytes(patterned(10)).open()) };
    expect(multipart({ fields: {}, files: [first, once] })).toMatchObject({
      replayable: false,
      byteLength: undefined,
    });
  });
});

describe('headers cannot be injected', () => {
  test('line breaks and quotes in names and file names stay inside their quotes', async () => {
    const evil = 'a"\r\nx-evil: 1\r\n\r\n';
    const body = multipart({
      fields: { [evil]: 'v' },
      files: [{ field: evil, filename: evil, contentType: 'image/png', body: fromBytes(Buffer.from('x')) }],
    });
    const parts = parseMultipart(body.contentType, await collect(body.open()));
    expect(parts.map((part) => [...part.headers.keys()])).toEqual([
      ['content-disposition'],
      ['content-disposition', 'content-type'],
    ]);
    expect(parts[1]?.filename).toBe('a%22%0D%0Ax-evil: 1%0D%0A%0D%0A');
  });

  test.each(['image/png\r\nx-evil: 1', 'image/png\n', 'png', '', 'image/png; a=\u0000'])(
    'the type %j is refused',
    (contentType) => {
      const file = { ...photo, contentType, body: fromBytes(Buffer.from('x')) };
      expect(() => multipart({ fields: {}, files: [file] })).toThrow(TypeError);
    },
  );

  test('two forms never share a boundary', () => {
    const file = { ...photo, body: fromBytes(Buffer.from('x')) };
    const [one, other] = [multipart({ fields: {}, files: [file] }), multipart({ fields: {}, files: [file] })];
    expect(one.contentType).not.toBe(other.contentType);
  });
});

describe('as a request body', () => {
  test('it can be sent again when the file can, with the same bytes', async () => {
    const again = multipart({ fields: { a: 'b' }, files: [{ ...photo, body: fromBytes(patterned(1_000)) }] });
    expect(again.replayable).toBe(true);
    expect((await collect(again.open())).equals(await collect(again.open()))).toBe(true);
    const once = oneShot(fromBytes(patterned(10)).open());
    expect(multipart({ fields: {}, files: [{ ...photo, body: once }] }).replayable).toBe(false);
  });

  test('slices stay at most 256 KiB, also of a huge field', async () => {
    const body = multipart({
      fields: { prompt: 'x'.repeat(600_000) },
      files: [{ ...photo, body: fromBytes(patterned(600_000)) }],
    });
    const slices = await slicesOf(body.open());
    expect(Math.max(...slices.map((slice) => slice.byteLength))).toBeLessThanOrEqual(MAX_SLICE_BYTES);
  });

  test('over a growing spool the length is unknown first and known for the retry', async () => {
    await using spool = new Spool();
    const body = multipart({ fields: {}, files: [{ ...photo, body: fromSpool(spool) }] });
    expect(body.byteLength).toBeUndefined();
    const first = collect(body.open());
    await spool.write(patterned(5_000));
    spool.end();
    expect((await first).byteLength).toBe(body.byteLength);
    expect((await collect(body.open())).equals(await first)).toBe(true);
  });

  test('the closing boundary comes with the end of a file, and behind a large slice alone', async () => {
    const form = (sizes: readonly number[]) =>
      multipart({
        fields: {},
        files: [{ ...photo, body: fromFactory(() => sizes.map((size) => patterned(size)), 90_000) }],
      });
    const lengths = async (sizes: readonly number[]) =>
      (await slicesOf(form(sizes).open())).slice(1).map(({ byteLength }) => byteLength);
    const closing =
      `\r\n${form([]).contentType.split('boundary=')[1]}`.length + '--'.length * 2 + '\r\n'.length;
    expect(await lengths([80_000, 10_000])).toEqual([80_000, 10_000 + closing]);
    expect(await lengths([90_000])).toEqual([90_000, closing]);
  });

  test.each([
    ['longer', 3],
    ['shorter', 5],
  ])('a file that is %s than it said fails instead of contradicting the length', async (word, announced) => {
    const file = fromFactory(() => [Buffer.from('1234')], announced);
    const body = multipart({ fields: {}, files: [{ ...photo, body: file }] });
    await expect(collect(body.open())).rejects.toThrow(`the file is ${word} than it said`);
  });

  test('a file that fails never gets its closing boundary', async () => {
    await using spool = new Spool();
    await spool.write(patterned(100));
    const body = multipart({ fields: {}, files: [{ ...photo, body: fromSpool(spool) }] });
    const reader = body.open()[Symbol.asyncIterator]();
    await reader.next();
    await reader.next();
    spool.fail(new Error('the client went away'));
    await expect(reader.next()).rejects.toThrow('the client went away');
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });

  test('leaving reaches a file that is silent, at once', async () => {
    await using spool = new Spool();
    const body = multipart({ fields: {}, files: [{ ...photo, body: fromSpool(spool) }] });
    const reader = body.open()[Symbol.asyncIterator]();
    await reader.next();
    const waiting = reader.next();
    await reader.return?.();
    expect((await waiting).done).toBe(true);
  });
});

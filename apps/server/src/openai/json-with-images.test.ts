import { expect, test } from 'vitest';
import { GatewayError } from '../errors/gateway-error.ts';
import { jsonWithImages } from './json-with-images.ts';

/** A source that tells whether it was left. */
function inPieces(text: string, bytes: number): AsyncIterable<Uint8Array> & { left: boolean } {
  const all = Buffer.from(text);
  const source = {
    left: false,
    async *[Symbol.asyncIterator]() {
      try {
        for (let at = 0; at < all.byteLength; at += bytes) yield all.subarray(at, at + bytes);
      } finally {
        source.left = true;
      }
    },
  };
  return source;
}

interface Read {
  readonly uris: readonly { readonly index: number; readonly text: string; readonly before: string }[];
  readonly text: string;
}

async function read(json: string, pieces = 7, maxTextBytes = 10_000): Promise<Read> {
  const uris: { index: number; text: string; before: string }[] = [];
  let text = '';
  for await (const part of jsonWithImages(inPieces(json, pieces), maxTextBytes)) {
    if (part.kind === 'text') text = part.text;
    else {
      const chunks: Uint8Array[] = [];
      for await (const chunk of part.bytes) chunks.push(chunk);
      uris.push({ index: part.index, text: Buffer.concat(chunks).toString(), before: part.textSoFar });
    }
  }
  return { uris, text };
}

const A = 'data:image/png;base64,AAAA';
const B = `data:image/jpeg;base64,${'BCDE'.repeat(100)}`;

test.each([1, 2, 3, 5, 64, 10_000])(
  'data URIs are cut out, whatever pieces of %i bytes they come in',
  async (pieces) => {
    const json = JSON.stringify({
      model: 'm',
      images: [{ image_url: A }, { file_id: 'f' }, { image_url: B }],
      n: 1,
    });
    const { uris, text } = await read(json, pieces);
    expect(uris.map(({ index, text }) => [index, text])).toEqual([
      [0, A],
      [2, B],
    ]);
    expect(uris[0]?.before).toBe('{"model":"m","images":[{"image_url":');
    expect(JSON.parse(text)).toEqual({
      model: 'm',
      images: [{ image_url: 'data:,1' }, { file_id: 'f' }, { image_url: 'data:,2' }],
      n: 1,
    });
  },
);

test('brackets, commas and quotes within strings are text', async () => {
  const json = JSON.stringify({ prompt: 'a "[,{" \\ ,,]', images: [{ x: '],["' }, { image_url: A }] });
  const { uris, text } = await read(json);
  expect(uris.map(({ index }) => index)).toEqual([1]);
  expect(JSON.parse(text).prompt).toBe('a "[,{" \\ ,,]');
});

test('a prompt that begins with "data:" is a prompt', async () => {
  const prompt = 'data: make it blue';
  expect((await read(JSON.stringify({ prompt }))).text).toBe(JSON.stringify({ prompt }));
});

test('slashes may be escaped, as PHP does', async () => {
  const { uris } = await read(`{"image_url":"${B.replaceAll('/', '\\/')}"}`);
  expect(uris[0]?.text).toBe(B);
});

test('text in other alphabets comes through whole', async () => {
  const json = JSON.stringify({ prompt: 'ein Fährschiff 渡し船 ⛴', image: A });
  expect(JSON.parse((await read(json, 1)).text).prompt).toBe('ein Fährschiff 渡し船 ⛴');
});

test.each(['{"a":"', '{"a":"x', '{"a":"x\\', `{"a":"${A}`])('%s is cut short', async (json) => {
  await expect(read(json)).rejects.toMatchObject({ fields: { status: 400, code: 'invalid_json' } });
});

test('a text that is too long without its data URIs is refused, and its source is left', async () => {
  const source = inPieces(JSON.stringify({ images: [B.repeat(100)], prompt: 'x'.repeat(600) }), 50);
  const reading = async () => {
    for await (const part of jsonWithImages(source, 500))
      if (part.kind === 'data-uri') for await (const _ of part.bytes);
  };
  await expect(reading()).rejects.toThrow(GatewayError);
  expect(source.left).toBe(true);
});

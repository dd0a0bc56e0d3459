import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Ferry, leftovers, startFerry } from './support/ferry.ts';
import { bytesOf, form, IMG2IMG, picture, post, type Reply, ROCKET, smallPng } from './support/form.ts';
import { EDITS, UPLOADS } from './support/simulator-control.ts';

let ferry: Ferry;
beforeAll(async () => {
  ferry = await startFerry();
});
afterAll(() => ferry[Symbol.asyncDispose]());
beforeEach(() => ferry.simulator.reset());

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function curl(...fields: readonly string[]): Promise<Reply['body']> {
  const args = [
    '-sS',
    '--fail-with-body',
    '-X',
    'POST',
    `${ferry.url}${IMG2IMG}`,
    ...fields.flatMap((f) => ['-F', f]),
  ];
  const { stdout } = await promisify(execFile)('curl', args);
  return JSON.parse(stdout);
}

async function isPicture(url: string | undefined): Promise<boolean> {
  const response = await fetch(String(url));
  const { width } = await sharp(Buffer.from(await response.arrayBuffer())).metadata();
  return response.ok && width > 0;
}

test('curl with a prompt, an image and the seed’s model name gives an edited picture', async () => {
  const answer = await curl(
    'prompt=a beautiful landscape',
    `image=@${ROCKET}`,
    'model=grok-imagine-1.0-edit',
  );
  expect(answer.model).toBe('grok-imagine-image');
  expect(answer.data).toHaveLength(1);
  expect(await isPicture(answer.data?.[0]?.url)).toBe(true);
  const [upload] = await ferry.simulator.requests(UPLOADS);
  expect(upload?.work?.file).toMatchObject({
    bytes: bytesOf(ROCKET).byteLength,
    sha256: sha256(bytesOf(ROCKET)),
  });
});

test('curl with a prompt and an image alone uses the default model', async () => {
  const answer = await curl('prompt=a beautiful landscape', `image=@${ROCKET}`);
  expect(answer.model).toBe('grok-imagine-image');
  expect(await isPicture(answer.data?.[0]?.url)).toBe(true);
});

test('curl with two images and n=2 uploads both and gives two pictures', async () => {
  const answer = await curl(
    'prompt=a collage',
    `image=@${ROCKET}`,
    `image=@${ROCKET};filename=two.jpg`,
    'n=2',
  );
  expect(answer.uploads?.map(({ filename }) => filename)).toEqual(['rocket.jpg', 'two.jpg']);
  expect(answer.data).toHaveLength(2);
  expect(await ferry.simulator.requests(UPLOADS)).toHaveLength(2);
  expect((await ferry.simulator.requests(EDITS)).map(({ work }) => work?.images)).toEqual([2]);
  expect(await leftovers(ferry)).toEqual([]);
});

test('twenty in a row all arrive', async () => {
  for (let i = 0; i < 20; i++) {
    const { status } = await post(ferry.url, form({ prompt: 'sepia', image: picture() }));
    expect(status).toBe(200);
  }
  const uploads = await ferry.simulator.requests(UPLOADS);
  expect(uploads.map(({ outcome }) => outcome)).toEqual(uploads.map(() => 'answered'));
  expect(uploads).toHaveLength(20);
});

test('fields may follow the files, and image[] is image', async () => {
  const { status, body } = await post(
    ferry.url,
    form({ 'image[]': [picture(), picture(await smallPng(), 'small.png')], prompt: 'x', n: '1' }),
  );
  expect(status).toBe(200);
  expect(body.uploads?.map(({ filename }) => filename)).toEqual(['rocket.jpg', 'small.png']);
});

test('an image may be a data URI', async () => {
  const png = await smallPng();
  const uri = `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
  const { status } = await post(ferry.url, form({ prompt: 'x', image: uri }));
  expect(status).toBe(200);
  expect((await ferry.simulator.requests(UPLOADS))[0]?.work?.file?.sha256).toBe(sha256(png));
});

test('b64_json gives the picture in the answer and keeps nothing', async () => {
  const images = join(ferry.process.folder, '.ferry', 'images');
  const before = await readdir(images);
  const { body } = await post(
    ferry.url,
    form({ prompt: 'x', image: picture(), response_format: 'b64_json' }),
  );
  const [image] = body.data ?? [];
  expect(image?.url).toBeUndefined();
  expect((await sharp(Buffer.from(image?.b64_json ?? '', 'base64')).metadata()).width).toBeGreaterThan(0);
  expect(await readdir(images)).toEqual(before);
});

test('a hostile file name stays a name', async () => {
  const { body } = await post(
    ferry.url,
    form({ prompt: 'x', image: picture(bytesOf(ROCKET), '../../etc/pass\u202ewd.jpg') }),
  );
  expect(body.uploads?.[0]?.filename).toBe('passwd.jpg');
});

test('a result link says what it is and when it ends', async () => {
  const { body } = await post(ferry.url, form({ prompt: 'x', image: picture() }));
  const response = await fetch(String(body.data?.[0]?.url));
  await response.body?.cancel();
  expect(response.headers.get('content-type')).toBe(body.data?.[0]?.mime_type);
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(response.headers.get('cache-control')).toMatch(/^private, immutable, max-age=\d+$/);
  expect((await fetch(`${ferry.url}/images/${'a'.repeat(24)}.png`)).status).toBe(404);
});

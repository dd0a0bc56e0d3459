import { createHash } from 'node:crypto';
import { createOpenAI } from '@ai-sdk/openai';
import { createFetch, type Safety } from '@ferry/core';
import type { Fault } from '@ferry/upstream-sim';
import { APICallError, generateImage, uploadFile } from 'ai';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { meet } from './testing/meet.ts';
import { type Simulated, simulated } from './testing/simulated.ts';

const UPLOADS = '/v1/files';
const EDITS = '/v1/images/edits';
const MODEL = 'gpt-image-1';

/** OpenAI's shape takes images inside the edit; only xAI's keeps files. */
let openai: Simulated;
let xai: Simulated;
beforeAll(async () => {
  xai = await simulated();
  openai = await simulated({}, 'openai');
});
afterAll(async () => {
  await openai?.[Symbol.asyncDispose]();
  await xai?.[Symbol.asyncDispose]();
});
beforeEach(() => {
  for (const { upstream } of [openai, xai]) {
    upstream.faults.clear();
    upstream.ledger.clear();
  }
});

const safety = ({ url }: { url: URL }): Safety => (url.pathname === UPLOADS ? 'repeatable' : 'billable');
const ours = ({ client }: Simulated): typeof fetch => createFetch(client, { safety });
const sdk = ({ upstream }: Simulated, fetch: typeof globalThis.fetch) =>
  createOpenAI({ apiKey: 'sk-test', baseURL: `${upstream.url}/v1`, fetch });

const image = await sharp({ create: { width: 32, height: 32, channels: 3, background: 'teal' } })
  .png()
  .toBuffer();
const sha256 = createHash('sha256').update(image).digest('hex');

const edit = (fetch: typeof globalThis.fetch) =>
  generateImage({
    model: sdk(openai, fetch).image(MODEL),
    prompt: { text: 'sepia', images: [image] },
    maxRetries: 0,
  });
/** As a stream: so the SDK puts the purpose before the file, as xAI wants it, and the body can be read only once. */
const upload = (fetch: typeof globalThis.fetch) =>
  uploadFile({
    api: sdk(xai, fetch).files(),
    data: { type: 'stream', stream: new Blob([new Uint8Array(image)]).stream() },
    mediaType: 'image/png',
    filename: 'teal.png',
    providerOptions: { openai: { purpose: 'vision' } },
  });
const billed = () =>
  openai.upstream.ledger.entries({ path: EDITS }).flatMap(({ work }) => work?.images ?? []);

describe('the AI SDK over our fetch', () => {
  test('edits an image, which arrives as it was', async () => {
    const { images } = await edit(ours(openai));
    expect(await sharp(images[0]?.uint8Array).metadata()).toMatchObject({ width: 32, height: 32 });
    const [entry] = openai.upstream.ledger.entries({ path: EDITS });
    expect(entry?.work?.inputs).toEqual([{ bytes: image.byteLength, sha256 }]);
  });

  test.each<readonly [string, Fault]>([
    ['a rate limit', { kind: 'status', status: 429, headers: { 'retry-after-ms': '5' }, when: 'after-body' }],
    [
      'an upstream that says when to come again',
      { kind: 'status', status: 503, headers: { 'retry-after': '0' }, when: 'early' },
    ],
  ])('edits through %s, where the built-in fetch fails, and pays once', async (_, fault) => {
    const rule = { match: { path: EDITS }, fault };
    expect(await meet(openai.upstream, rule, () => edit(globalThis.fetch))).toBeInstanceOf(APICallError);
    openai.upstream.faults.add(rule);
    expect((await edit(ours(openai))).images).toHaveLength(1);
    expect(openai.upstream.faults.list()).toEqual([]);
    expect(billed()).toEqual([1]);
  });

  test.each<readonly [string, Fault]>([
    ['a connection that breaks in the middle', { kind: 'destroy', how: 'rst', when: 'middle' }],
    ['an answer that breaks off', { kind: 'destroy', how: 'rst', when: 'after-headers' }],
    ['a stream reset with PROTOCOL_ERROR', { kind: 'rst', code: 'PROTOCOL_ERROR', when: 'middle' }],
  ])('uploads a file through %s, where the built-in fetch fails', async (_, fault) => {
    const rule = { match: { path: UPLOADS }, fault };
    expect(await meet(xai.upstream, rule, () => upload(globalThis.fetch))).toBeInstanceOf(Error);
    xai.upstream.faults.add(rule);
    const { providerReference } = await upload(ours(xai));
    expect(xai.upstream.faults.list()).toEqual([]);
    const stored = xai.upstream.ledger.entries({ path: UPLOADS }).map(({ work }) => work?.file);
    expect(stored.at(-1)).toMatchObject({ id: providerReference.openai, bytes: image.byteLength, sha256 });
  });

  test('pays for an edit once, although its answer is lost, and hears why', async () => {
    openai.upstream.faults.add({
      match: { path: EDITS },
      fault: { kind: 'destroy', how: 'rst', when: 'after-body' },
    });
    const error: unknown = await edit(ours(openai)).catch((thrown: unknown) => thrown);
    expect(causes(error)).toContain('upstream_unknown_outcome');
    expect(billed()).toEqual([1]);
  });

  test('can be aborted, and the upstream hears of it', async () => {
    openai.upstream.faults.add({ match: { path: EDITS }, fault: { kind: 'silence', readBody: true } });
    const controller = new AbortController();
    const running = generateImage({
      model: sdk(openai, ours(openai)).image(MODEL),
      prompt: { text: 'sepia', images: [image] },
      maxRetries: 0,
      abortSignal: controller.signal,
    });
    const failed = expect(running).rejects.toThrow(/abort/i);
    await expect.poll(() => openai.upstream.ledger.entries({ path: EDITS }).length).toBe(1);
    controller.abort();
    await failed;
    await openai.upstream.ledger.settled();
  });
});

/** The codes of an error and of what caused it. */
function causes(thrown: unknown): unknown[] {
  if (!(thrown instanceof Error)) return [];
  return ['code' in thrown ? thrown.code : undefined, ...causes(thrown.cause)];
}

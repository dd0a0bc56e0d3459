import { createFetch, type Safety } from '@ferry/core';
import type { Fault } from '@ferry/upstream-sim';
import ky from 'ky';
import OpenAI, { APIConnectionError, APIError, APIUserAbortError, toFile } from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { meet } from './testing/meet.ts';
import { type Simulated, simulated } from './testing/simulated.ts';

let here: Simulated;
beforeAll(async () => {
  here = await simulated();
});
afterAll(() => here[Symbol.asyncDispose]());
beforeEach(() => {
  here.upstream.faults.clear();
  here.upstream.ledger.clear();
});

const safety = ({ method, url }: { method: string; url: URL }): Safety =>
  method === 'GET' || url.pathname.endsWith('/files') ? 'repeatable' : 'billable';

const sdk = (fetch: typeof globalThis.fetch): OpenAI =>
  new OpenAI({ apiKey: 'sk-test', baseURL: `${here.upstream.url}/v1`, maxRetries: 0, fetch });
const ours = (): OpenAI => sdk(createFetch(here.client, { safety }));
const builtIn = (): OpenAI => sdk(globalThis.fetch);

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABpfZFQAAAAABJRU5ErkJggg==',
  'base64',
);
const upload = async (client: OpenAI): Promise<OpenAI.FileObject> =>
  await client.files.create({
    purpose: 'vision',
    file: await toFile(PNG, 'pixel.png', { type: 'image/png' }),
  });
const edit = (client: OpenAI, fileId: string): Promise<unknown> =>
  client.post('/images/edits', {
    body: {
      model: 'grok-imagine-image',
      prompt: 'sepia',
      image: { file_id: fileId },
      response_format: 'b64_json',
    },
  });
const requests = (path: string) => here.upstream.ledger.entries({ path });

describe('OpenAI’s client over our fetch', () => {
  test('uploads a file, lists the models and edits an image', async () => {
    const client = ours();
    const models = await client.models.list();
    expect(models.data.map(({ id }) => id)).toContain('grok-imagine-image');
    const file = await upload(client);
    const [entry] = requests('/v1/files');
    expect([file.bytes, entry?.work?.file?.bytes]).toEqual([PNG.byteLength, PNG.byteLength]);
    expect(await edit(client, file.id)).toMatchObject({ data: [{ b64_json: expect.any(String) }] });
    expect(requests('/v1/images/edits').map(({ work }) => work?.images)).toEqual([1]);
  });

  const faults: readonly (readonly [string, Fault])[] = [
    ['a connection that breaks in the middle', { kind: 'destroy', how: 'rst', when: 'middle' }],
    ['a connection that ends without an answer', { kind: 'destroy', how: 'fin', when: 'after-body' }],
    ['a stream reset with PROTOCOL_ERROR', { kind: 'rst', code: 'PROTOCOL_ERROR', when: 'middle' }],
    ['an answer that breaks off', { kind: 'destroy', how: 'rst', when: 'after-headers' }],
    ['a 502 of a proxy', { kind: 'status', status: 502, when: 'after-body', body: '<h1>Bad Gateway</h1>' }],
    ['a rate limit', { kind: 'status', status: 429, headers: { 'retry-after-ms': '5' }, when: 'after-body' }],
  ];

  test.each(faults)('uploads through %s, where the built-in fetch fails', async (_name, fault) => {
    const rule = { match: { path: '/v1/files' }, fault };
    expect(await meet(here.upstream, rule, () => upload(builtIn()))).toBeInstanceOf(Error);
    here.upstream.faults.add(rule);
    expect((await upload(ours())).bytes).toBe(PNG.byteLength);
    expect(here.upstream.faults.list()).toEqual([]);
  });

  test('lists the models through a broken connection, where the built-in fetch fails', async () => {
    const fault: Fault = { kind: 'destroy', how: 'rst', when: 'before' };
    const rule = { match: { path: '/v1/models' }, fault };
    const thrown = await meet(here.upstream, rule, async () => await builtIn().models.list());
    expect(thrown).toBeInstanceOf(APIConnectionError);
    here.upstream.faults.add(rule);
    expect((await ours().models.list()).data.length).toBeGreaterThan(0);
  });

  test('pays for an edit once, although its answer is lost', async () => {
    const client = ours();
    const { id } = await upload(client);
    const fault: Fault = { kind: 'destroy', how: 'rst', when: 'after-body' };
    here.upstream.faults.add({ match: { path: '/v1/images/edits' }, fault });
    const error: unknown = await edit(client, id).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(APIConnectionError);
    expect(error).toMatchObject({ cause: { cause: { code: 'upstream_unknown_outcome' } } });
    expect(requests('/v1/images/edits').map(({ work }) => work?.images)).toEqual([1]);
  });

  test('edits through a rate limit', async () => {
    const client = ours();
    const { id } = await upload(client);
    const limit: Fault = { kind: 'status', status: 429, headers: { 'retry-after-ms': '5' }, when: 'early' };
    here.upstream.faults.add({ match: { path: '/v1/images/edits' }, fault: limit });
    expect(await edit(client, id)).toMatchObject({ data: [{}] });
  });

  test('hears of the upstream’s own errors as from any fetch', async () => {
    const error: unknown = await edit(ours(), 'file-nobody').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ status: 404, code: 'file_not_found' });
  });

  test('can abort, and the upstream hears of it', async () => {
    here.upstream.faults.add({ match: { path: '/v1/models' }, fault: { kind: 'silence', readBody: true } });
    const controller = new AbortController();
    const running = ours().models.list({ signal: controller.signal });
    const failed = expect(running).rejects.toBeInstanceOf(APIUserAbortError);
    await expect.poll(() => requests('/v1/models').length).toBe(1);
    controller.abort();
    await failed;
    await here.upstream.ledger.settled();
  });
});

describe('ky over our fetch', () => {
  const client = (fetch = createFetch(here.client, { safety })) =>
    ky.create({
      fetch,
      retry: 0,
      headers: { authorization: 'Bearer sk-test' },
    });

  test('sends a form and reads JSON through a broken connection, where the built-in fetch fails', async () => {
    const send = (fetch: typeof globalThis.fetch) => {
      const body = new FormData();
      body.set('purpose', 'vision');
      body.set('file', new Blob([PNG], { type: 'image/png' }), 'pixel.png');
      return client(fetch).post(`${here.upstream.url}/v1/files`, { body }).json<{ bytes: number }>();
    };
    const rule = {
      match: { path: '/v1/files' },
      fault: { kind: 'destroy', how: 'rst', when: 'middle' },
    } as const;
    expect(await meet(here.upstream, rule, () => send(globalThis.fetch))).toBeInstanceOf(Error);
    here.upstream.faults.add(rule);
    expect((await send(createFetch(here.client, { safety }))).bytes).toBe(PNG.byteLength);
    expect(here.upstream.faults.list()).toEqual([]);
  });

  test('gets the bytes of a file as they were sent', async () => {
    const { id } = await upload(ours());
    const bytes = await client().get(`${here.upstream.url}/v1/files/${id}/content`).bytes();
    expect(Buffer.from(bytes).equals(PNG)).toBe(true);
  });

  test('hears of a status as its own error', async () => {
    await expect(client().get(`${here.upstream.url}/v1/files/none`)).rejects.toMatchObject({
      response: { status: 404 },
    });
  });
});

import { type Answer, RequestFailure, ResilientClient, UploadService } from '@ferry/core';
import { answer, type Behaviour, LoopbackTransport, startUpstream, type Upstream } from '@ferry/core/testing';
import { afterEach, describe, expect, test } from 'vitest';
import type { EditInput, EditResult, FileIdProvider } from './provider.ts';
import { InvalidEditError } from './provider-error.ts';
import { XAI_MODELS, type XaiOptions, xai } from './xai.ts';

// The smallest PNG: one transparent pixel.
const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABpfZFQAAAAABJRU5ErkJggg==';

const json = (body: unknown, status = 200): Behaviour =>
  answer(status, { 'content-type': 'application/json' }, JSON.stringify(body));

const edit: EditInput = {
  model: 'grok-imagine-image',
  prompt: 'a beautiful landscape',
  n: 1,
  images: [{ fileId: 'file_1', fileUri: 'https://api.x.ai/v1/files/file_1' }],
};

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Setting {
  readonly upstream: Upstream;
  readonly client: ResilientClient;
  readonly provider: FileIdProvider;
}

/** xAI as far as one test needs it, on loopback. */
async function setting(behaviours: readonly Behaviour[], options: XaiOptions = {}): Promise<Setting> {
  const upstream = await startUpstream(...behaviours);
  closing.push(() => upstream.close());
  const transport = new LoopbackTransport();
  const client = new ResilientClient({ transports: { isolated: transport, shared: transport } });
  closing.push(() => client.close());
  return { upstream, client, provider: xai({ baseUrl: upstream.url.origin, ...options }) };
}

async function send({ client, provider }: Setting, input: EditInput = edit): Promise<Answer> {
  return await client.request({ ...provider.editRequest(input), safety: 'billable', label: 'edit' });
}

async function parsed(body: unknown): Promise<EditResult> {
  const here = await setting([json(body)]);
  return here.provider.parseEdit(await send(here));
}

function sentJson(upstream: Upstream): unknown {
  return JSON.parse(upstream.seen[0]?.body.toString() ?? '');
}

const done = json({ data: [{ url: 'https://img.x.ai/1.png', mime_type: 'image/png' }] });

describe('uploading', () => {
  test('an image goes to the Files API with its fields first, and its id comes back', async () => {
    const { upstream, client, provider } = await setting([json({ id: 'file_1', bytes: 68 })], {
      purpose: 'vision',
      expiresAfterSeconds: 3_600,
    });
    const uploads = new UploadService({ client, endpoint: provider.uploadEndpoint() });
    const result = await uploads.upload({ base64: PNG }, 'key');
    expect(result.fileId).toBe('file_1');
    expect(result.fileUri).toBe(`${upstream.url.origin}/v1/files/file_1`);
    const form = upstream.seen[0]?.body.toString('latin1') ?? '';
    const order = ['name="purpose"', 'vision', 'name="expires_after"', '3600', 'name="file"', 'image/png'];
    const places = order.map((part) => form.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  test('an upload that goes again tells its number as OpenAI’s client does, an edit never', async () => {
    const here = await setting([
      answer(503),
      json({ id: 'file_1' }),
      answer(429, { 'retry-after-ms': '1' }),
      done,
    ]);
    const uploads = new UploadService({ client: here.client, endpoint: here.provider.uploadEndpoint() });
    await uploads.upload({ base64: PNG }, 'key');
    await send(here);
    const counts = here.upstream.seen.map(({ headers }) => headers['x-stainless-retry-count']);
    expect(counts).toEqual([undefined, '1', undefined, undefined]);
  });

  test.each([
    ['no id', { object: 'file' }, 'id is not a text'],
    ['an id that is a number', { id: 7 }, 'id is not a text'],
    ['a list', [], 'the body is not an object'],
    ['null', null, 'the body is not an object'],
  ])('an answer with %s is named as bad', async (_what, body, words) => {
    const { client, provider } = await setting([json(body)]);
    const uploads = new UploadService({ client, endpoint: provider.uploadEndpoint() });
    await expect(uploads.upload({ base64: PNG }, 'key')).rejects.toMatchObject({
      code: 'upstream_bad_answer',
      status: 502,
      outcomeUnknown: false,
      message: expect.stringContaining(words),
    });
  });

  test('a file id cannot leave its place in the URI', async () => {
    const { upstream, client, provider } = await setting([json({ id: '../../admin?x' })]);
    const uploads = new UploadService({ client, endpoint: provider.uploadEndpoint() });
    const { fileUri } = await uploads.upload({ base64: PNG }, 'key');
    expect(fileUri).toBe(`${upstream.url.origin}/v1/files/..%2F..%2Fadmin%3Fx`);
  });
});

describe('asking for an edit', () => {
  test('one image is sent as `image`, as JSON', async () => {
    const here = await setting([done]);
    await send(here, { ...edit, responseFormat: 'b64_json', options: { aspect_ratio: '16:9' } });
    expect(here.upstream.seen[0]?.headers['content-type']).toBe('application/json');
    expect(sentJson(here.upstream)).toEqual({
      model: 'grok-imagine-image',
      prompt: 'a beautiful landscape',
      n: 1,
      response_format: 'b64_json',
      aspect_ratio: '16:9',
      image: { file_id: 'file_1' },
    });
  });

  test('several images are sent as `images`, in their order', async () => {
    const here = await setting([done]);
    const images = ['a', 'b', 'c'].map((fileId) => ({ fileId, fileUri: '' }));
    await send(here, { ...edit, images });
    const sent = sentJson(here.upstream);
    expect(sent).toMatchObject({ images: [{ file_id: 'a' }, { file_id: 'b' }, { file_id: 'c' }] });
    expect(sent).not.toHaveProperty('image');
  });

  test.each<[string, Partial<EditInput>, string, string]>([
    [
      'four images',
      { images: Array(4).fill(edit.images[0]) },
      'image',
      'xAI edits take at most 3 images, not 4',
    ],
    ['no image', { images: [] }, 'image', 'at least one image'],
    ['a blank prompt', { prompt: ' \n' }, 'prompt', 'needs a prompt'],
    ['n of 0', { n: 0 }, 'n', 'from 1 to 10'],
    ['n of 11', { n: 11 }, 'n', 'from 1 to 10'],
    ['n of 1.5', { n: 1.5 }, 'n', 'a whole number'],
    ['a size, which xAI refuses', { options: { size: '1024x1024' } }, 'size', 'do not take size'],
    ['an option that would replace the model', { options: { model: 'x' } }, 'model', 'do not take model'],
    ['an unknown resolution', { options: { resolution: '4k' } }, 'resolution', '1k, 1.5k or 2k'],
  ])('%s is refused before anything is sent', (_what, wrong, param, words) => {
    const attempt = () => xai().editRequest({ ...edit, ...wrong });
    expect(attempt).toThrow(InvalidEditError);
    expect(attempt).toThrow(expect.objectContaining({ param, message: expect.stringContaining(words) }));
  });
});

describe('reading the answer to an edit', () => {
  test('links, inline images, revised prompts and usage are understood', async () => {
    const result = await parsed({
      data: [
        { url: 'https://img.x.ai/1.jpg?sig=1', mime_type: 'image/jpeg', revised_prompt: 'a lake' },
        { b64_json: PNG, mime_type: 'image/jpeg', respect_moderation: true },
        { b64_json: null, url: 'https://img.x.ai/2' },
      ],
      usage: { cost_in_usd_ticks: 7 },
    });
    expect(result.images).toMatchObject([
      { kind: 'url', mimeType: 'image/jpeg', revisedPrompt: 'a lake' },
      // The bytes know better than the label.
      { kind: 'bytes', mimeType: 'image/png' },
      { kind: 'url', mimeType: undefined },
    ]);
    expect(
      result.images.map((image) => (image.kind === 'url' ? image.url.href : image.bytes.byteLength)),
    ).toEqual(['https://img.x.ai/1.jpg?sig=1', Buffer.from(PNG, 'base64').byteLength, 'https://img.x.ai/2']);
    expect(result).toMatchObject({ blocked: 0, usage: { cost_in_usd_ticks: 7 } });
  });

  test('images that are withheld are counted beside those that came', async () => {
    const result = await parsed({
      data: [{ respect_moderation: false, url: '' }, { url: 'https://img.x.ai/1.png' }],
    });
    expect(result.images).toHaveLength(1);
    expect(result.blocked).toBe(1);
  });

  test('a result that is withheld whole is a block, not a bad answer', async () => {
    const body = { data: [{ respect_moderation: false }, { respect_moderation: false, url: '' }] };
    await expect(parsed(body)).rejects.toMatchObject({ code: 'content_blocked', blocked: 2 });
  });

  test.each([
    ['no data', {}, 'data is not a list with an item'],
    ['empty data', { data: [] }, 'data is not a list with an item'],
    ['data that is no list', { data: { url: 'https://img.x.ai/1' } }, 'data is not a list with an item'],
    ['an item that is a text', { data: ['x'] }, 'data[0] is not an object'],
    ['neither link nor image', { data: [{ url: 'https://a.example/1' }, {}] }, 'data[1].url is not a text'],
    ['a link that is none', { data: [{ url: 'img.png' }] }, 'data[0].url is not an http(s) URL'],
    ['a link to a file', { data: [{ url: 'file:///etc/passwd' }] }, 'data[0].url is not an http(s) URL'],
    ['base64 that is none', { data: [{ b64_json: '***' }] }, 'data[0].b64_json is not base64'],
    ['bytes that are no image', { data: [{ b64_json: 'aGVsbG8=' }] }, 'data[0].b64_json is not an image'],
    [
      'usage that is a number',
      { data: [{ url: 'https://a.example/1' }], usage: 3 },
      'usage is not an object',
    ],
  ])('%s is named, and that the edit may have been paid for', async (_what, body, words) => {
    const failure = await parsed(body).catch((reason: unknown) => reason);
    if (!RequestFailure.is(failure)) throw failure;
    expect(failure.message).toContain(words);
    expect(failure).toMatchObject({ code: 'upstream_bad_answer', status: 502, outcomeUnknown: true });
    expect(failure.attempts).toHaveLength(1);
  });

  test.each([
    ['empty', '', 'an empty body'],
    ['cut short', '{"data":[{"b64_', 'not JSON'],
    ['a page', '<html></html>', 'not JSON'],
  ])('a 200 whose body is %s is named', async (_what, body, words) => {
    const here = await setting([answer(200, {}, body)]);
    const reply = await send(here);
    expect(() => here.provider.parseEdit(reply)).toThrow(
      expect.objectContaining({ code: 'upstream_bad_answer', message: expect.stringContaining(words) }),
    );
  });
});

describe('configuration', () => {
  test.each([
    ['https://api.x.ai', 'https://api.x.ai/v1/files'],
    ['https://api.x.ai/', 'https://api.x.ai/v1/files'],
    ['https://api.x.ai/v1/', 'https://api.x.ai/v1/files'],
    ['https://proxy.example/xai/v1', 'https://proxy.example/xai/v1/files'],
    ['http://127.0.0.1:8443', 'http://127.0.0.1:8443/v1/files'],
  ])('the base %s gives %s', (baseUrl, files) => {
    expect(xai({ baseUrl }).uploadEndpoint().url.href).toBe(files);
    expect(xai({ baseUrl }).editRequest(edit).url.href).toBe(files.replace('/files', '/images/edits'));
  });

  test('what cannot work is refused at the start', () => {
    expect(() => xai({ baseUrl: 'ftp://api.x.ai' })).toThrow('http(s)');
    expect(() => xai({ baseUrl: 'api.x.ai' })).toThrow();
    expect(() => xai({ expiresAfterSeconds: 60 })).toThrow(RangeError);
    expect(() => xai({ expiresAfterSeconds: Number.NaN })).toThrow(RangeError);
  });

  test('with no configuration it is xAI', () => {
    expect(xai()).toMatchObject({ name: 'xai', models: XAI_MODELS, maxImages: 3 });
    expect(xai().uploadEndpoint().url.href).toBe('https://api.x.ai/v1/files');
  });
});

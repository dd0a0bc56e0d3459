import { File } from 'node:buffer';
import { type Answer, fromBytes, oneShot, RequestFailure, ResilientClient } from '@ferry/core';
import { answer, type Behaviour, LoopbackTransport, startUpstream, type Upstream } from '@ferry/core/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { OPENAI_MODELS, openai } from './openai.ts';
import type { EditInput, EditResult, InlineImage } from './provider.ts';
import { InvalidEditError } from './provider-error.ts';

// The smallest PNG: one transparent pixel.
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABpfZFQAAAAABJRU5ErkJggg==',
  'base64',
);

const json = (body: unknown, status = 200): Behaviour =>
  answer(status, { 'content-type': 'application/json' }, JSON.stringify(body));

const image = (filename = 'photo.png'): InlineImage => ({
  filename,
  contentType: 'image/png',
  body: fromBytes(PNG),
});

const edit: EditInput<InlineImage> = { model: 'gpt-image-1', prompt: 'a lake', n: 2, images: [image()] };
const done = json({ created: 1, data: [{ b64_json: PNG.toString('base64') }] });

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** An upstream on loopback whose API lies below `path`; what it was sent, and what came back. */
async function asked(
  input: EditInput<InlineImage>,
  behaviours: readonly Behaviour[] = [done],
  path = '',
): Promise<{ readonly upstream: Upstream; readonly reply: Answer }> {
  const upstream = await startUpstream(...behaviours);
  closing.push(() => upstream.close());
  const transport = new LoopbackTransport();
  const client = new ResilientClient({ transports: { isolated: transport, shared: transport } });
  closing.push(() => client.close());
  const request = openai({ baseUrl: `${upstream.url.origin}${path}` }).editRequest(input);
  return { upstream, reply: await client.request({ ...request, safety: 'billable', label: 'edit' }) };
}

/** The form as the platform itself reads it. */
async function formOf(upstream: Upstream): Promise<FormData> {
  const [seen] = upstream.seen;
  if (seen === undefined) throw new Error('nothing was sent');
  const type = String(seen.headers['content-type']);
  return await new Response(new Uint8Array(seen.body), { headers: { 'content-type': type } }).formData();
}

async function parsed(body: unknown): Promise<EditResult> {
  return openai().parseEdit((await asked(edit, [json(body)])).reply);
}

describe('asking for an edit', () => {
  test('one image is sent as `image`, after the fields, in one request of known length', async () => {
    const { upstream } = await asked({ ...edit, options: { size: '1024x1024', output_compression: 80 } });
    expect(upstream.seen).toHaveLength(1);
    const [seen] = upstream.seen;
    expect(seen?.headers['content-length']).toBe(String(seen?.body.byteLength));
    const form = await formOf(upstream);
    expect([...form.keys()]).toEqual(['model', 'prompt', 'n', 'size', 'output_compression', 'image']);
    expect(['model', 'prompt', 'n', 'size', 'output_compression'].map((name) => form.get(name))).toEqual([
      'gpt-image-1',
      'a lake',
      '2',
      '1024x1024',
      '80',
    ]);
    const file = form.get('image');
    if (!(file instanceof File)) throw new Error('the image is not a file');
    expect([file.name, file.type]).toEqual(['photo.png', 'image/png']);
    expect(Buffer.from(await file.arrayBuffer()).equals(PNG)).toBe(true);
  });

  test('several images are sent as `image[]`, in their order', async () => {
    const { upstream } = await asked({ ...edit, images: [image('a.png'), image('b.png'), image('c.png')] });
    const form = await formOf(upstream);
    expect(form.has('image')).toBe(false);
    expect(form.getAll('image[]').map((file) => (file instanceof File ? file.name : file))).toEqual([
      'a.png',
      'b.png',
      'c.png',
    ]);
  });

  test.each([
    ['gpt-image-1', null],
    ['gpt-image-1.5', null],
    ['chatgpt-image-latest', null],
    ['dall-e-2', 'b64_json'],
    ['flux-kontext', 'b64_json'],
  ])('%s is asked for the response format %s', async (model, format) => {
    const { upstream } = await asked({ ...edit, model, responseFormat: 'b64_json' });
    expect((await formOf(upstream)).get('response_format')).toBe(format);
  });

  test('it can be sent again exactly when its images can', () => {
    expect(openai().editRequest(edit).body.replayable).toBe(true);
    const once = { ...image(), body: oneShot(fromBytes(PNG).open()) };
    expect(openai().editRequest({ ...edit, images: [once] }).body.replayable).toBe(false);
  });

  test('an edit that goes again tells no attempt number', async () => {
    const { upstream } = await asked(edit, [answer(429, { 'retry-after-ms': '1' }), done]);
    expect(upstream.seen.map(({ headers }) => headers['x-stainless-retry-count'])).toEqual([
      undefined,
      undefined,
    ]);
    const [first, second] = upstream.seen;
    expect(first?.body.equals(second?.body ?? Buffer.alloc(0))).toBe(true);
  });

  test.each<[string, Partial<EditInput<InlineImage>>, string, string]>([
    ['no image', { images: [] }, 'image', 'at least one image'],
    ['17 images', { images: Array(17).fill(image()) }, 'image', 'at most 16 images, not 17'],
    ['a blank prompt', { prompt: ' ' }, 'prompt', 'needs a prompt'],
    ['n of 11', { n: 11 }, 'n', 'from 1 to 10'],
    ['xAI’s ratio', { options: { aspect_ratio: '1:1' } }, 'aspect_ratio', 'OpenAI edits do not take'],
    ['an option that would replace the model', { options: { model: 'x' } }, 'model', 'do not take model'],
  ])('%s is refused before anything is sent', (_what, wrong, param, words) => {
    const attempt = () => openai().editRequest({ ...edit, ...wrong });
    expect(attempt).toThrow(InvalidEditError);
    expect(attempt).toThrow(expect.objectContaining({ param, message: expect.stringContaining(words) }));
  });
});

describe('reading the answer', () => {
  test('inline images, links, revised prompts and usage are understood', async () => {
    const result = await parsed({
      created: 1,
      data: [
        { b64_json: PNG.toString('base64'), revised_prompt: 'a calm lake' },
        { url: 'https://img.example/1.png', b64_json: '' },
      ],
      usage: { total_tokens: 7 },
    });
    expect(result).toMatchObject({
      images: [
        { kind: 'bytes', mimeType: 'image/png', revisedPrompt: 'a calm lake' },
        { kind: 'url', url: new URL('https://img.example/1.png') },
      ],
      blocked: 0,
      usage: { total_tokens: 7 },
    });
  });

  test('an answer without an image is named, and that it may have been paid for', async () => {
    const failure = await parsed({ created: 1, data: [{}] }).catch((reason: unknown) => reason);
    if (!RequestFailure.is(failure)) throw failure;
    expect(failure).toMatchObject({ code: 'upstream_bad_answer', outcomeUnknown: true });
    expect(failure.message).toContain('data[0].url is not a text');
  });

  test.each([
    [400, 'moderation_blocked', true],
    [400, 'content_policy_violation', true],
    [400, 'content_filter', true],
    [400, 'unknown_parameter', false],
    [500, 'moderation_blocked', false],
  ])('a %i with the code %s is a block: %s', (status, code, blocked) => {
    const error = { message: "Unknown parameter: 'moderation'.", type: 'x', param: null, code };
    expect(openai().parseUpstreamError(status, JSON.stringify({ error }))).toEqual({ ...error, blocked });
  });
});

describe('configuration', () => {
  test.each([
    ['https://api.openai.com', 'https://api.openai.com/v1/images/edits'],
    ['https://api.openai.com/v1/', 'https://api.openai.com/v1/images/edits'],
    ['https://host.example/openai', 'https://host.example/openai/v1/images/edits'],
    ['https://host.example/openai/v1', 'https://host.example/openai/v1/images/edits'],
  ])('the base %s gives %s', (baseUrl, edits) => {
    expect(openai({ baseUrl }).editRequest(edit).url.href).toBe(edits);
  });

  test('a path before the API is asked for on the wire', async () => {
    const { upstream } = await asked(edit, [done], '/openai');
    expect(upstream.seen[0]?.path).toBe('/openai/v1/images/edits');
  });

  test('with no configuration it is OpenAI, and has no upload', () => {
    expect(openai()).toMatchObject({
      name: 'openai',
      models: OPENAI_MODELS,
      maxImages: 16,
      delivery: 'inline',
    });
    expect(openai()).not.toHaveProperty('uploadEndpoint');
    expect(() => openai({ baseUrl: 'ftp://api.openai.com' })).toThrow('http(s)');
  });
});

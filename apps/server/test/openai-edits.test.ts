import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { request } from 'node:http';
import OpenAI, { toFile } from 'openai';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from './support/ferry.ts';
import { bytesOf, form, largePng, picture, ROCKET, smallPng, TRUNCATED } from './support/form.ts';
import { type OpenAiGateway, startOpenAiGateway } from './support/openai.ts';
import { EDITS, UPLOADS } from './support/simulator-control.ts';

let gateway: OpenAiGateway;
let client: OpenAI;

beforeAll(async () => {
  gateway = await startOpenAiGateway();
  client = gateway.client();
});
afterAll(() => gateway[Symbol.asyncDispose]());
beforeEach(() => gateway.simulator.reset());

const MODEL = 'grok-imagine-image';
const edits = () => gateway.simulator.requests(EDITS);
const uploads = () => gateway.simulator.requests(UPLOADS);
const billed = async () => (await edits()).reduce((sum, { work }) => sum + (work?.images ?? 0), 0);
const decoded = (image: { b64_json?: string } | undefined) =>
  sharp(Buffer.from(image?.b64_json ?? '', 'base64')).metadata();
const dataUri = (bytes: Uint8Array, type = 'image/jpeg'): string =>
  `data:${type};base64,${Buffer.from(bytes).toString('base64')}`;

/** What the client throws. */
async function failure(asked: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const error = await asked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof OpenAI.APIError) return error;
  throw new Error('it should have failed', { cause: error });
}

describe('OpenAI’s client', () => {
  test('edits one file, and reads picture, time and usage where it expects them', async () => {
    const answer = await client.images.edit({ model: MODEL, prompt: 'sepia', image: picture() });
    expect(answer.created).toBeGreaterThan(1_700_000_000);
    expect(answer.data).toHaveLength(1);
    expect(Object.keys(answer.data?.[0] ?? {}).sort()).toEqual(['b64_json', 'revised_prompt']);
    expect((await decoded(answer.data?.[0])).format).toBe('jpeg');
    expect(answer).toMatchObject({ output_format: 'jpeg', usage: { output_images: 1 } });
    expect(answer).toMatchObject({
      ferry: { model: MODEL, attempts: 1, uploads: [{ filename: 'rocket.jpg', attempts: 1 }] },
    });
    expect(answer._request_id).toMatch(/^req_/);
  });

  test('edits several files, which it sends as image[], and asks for several results', async () => {
    const png = await smallPng();
    const image = [picture(), picture(png, 'b.png'), picture(bytesOf(ROCKET), 'c.jpg')];
    const answer = await client.images.edit({ model: MODEL, prompt: 'x', image, n: 2 });
    expect(answer.data).toHaveLength(2);
    expect(await uploads()).toHaveLength(3);
    expect(await billed()).toBe(2);
  });

  test('sends one file in a list', async () => {
    const answer = await client.images.edit({ model: MODEL, prompt: 'x', image: [picture()] });
    expect(answer.data).toHaveLength(1);
  });

  test('streams a file from disk without its length, as octets, before the fields', async () => {
    const answer = await client.images.edit({ image: createReadStream(ROCKET), prompt: 'x', model: MODEL });
    expect(answer.data).toHaveLength(1);
    const [upload] = await uploads();
    expect(upload?.work?.file?.bytes).toBe(bytesOf(ROCKET).byteLength);
  });

  test('sends what toFile makes of bytes, whatever type that claims', async () => {
    const image = await toFile(await smallPng(), 'a.txt', { type: 'text/plain' });
    const answer = await client.images.edit({ model: MODEL, prompt: 'x', image });
    expect(answer.data).toHaveLength(1);
  });

  test('asks for links, and finds the picture behind them', async () => {
    const answer = await client.images.edit({
      model: MODEL,
      prompt: 'x',
      image: picture(),
      response_format: 'url',
    });
    const link = await fetch(answer.data?.[0]?.url ?? '');
    expect((await sharp(await link.arrayBuffer()).metadata()).format).toBe('jpeg');
  });

  test('asks for a size, a type and a quality, and gets them', async () => {
    const answer = await client.images.edit({
      model: MODEL,
      prompt: 'x',
      image: picture(),
      size: '1024x1024',
      quality: 'high',
      background: 'opaque',
      input_fidelity: 'low',
      output_format: 'webp',
      output_compression: 80,
      user: 'somebody',
    });
    const { width, height, format } = await decoded(answer.data?.[0]);
    expect([width === height, format]).toEqual([true, 'webp']);
    expect(answer.output_format).toBe('webp');
  });

  test('names the model by its alias, or leaves it out', async () => {
    const image = picture();
    const named = await client.images.edit({ model: 'grok-imagine-1.0-edit', prompt: 'x', image });
    expect(named).toMatchObject({ ferry: { model: MODEL } });
    expect((await client.images.edit({ prompt: 'x', image })).data).toHaveLength(1);
  });

  test('lists the models, and looks one up', async () => {
    const ids: string[] = [];
    for await (const { id, object } of client.models.list()) {
      expect(object).toBe('model');
      ids.push(id);
    }
    expect(ids).toEqual(expect.arrayContaining([MODEL, 'grok-imagine-1.0-edit']));
    expect((await client.models.retrieve(MODEL)).id).toBe(MODEL);
    expect(await failure(client.models.retrieve('nothing'))).toBeInstanceOf(OpenAI.NotFoundError);
  });
});

describe('streamed', () => {
  test('each result is one image_edit.completed event with its picture, and no partial image is made up', async () => {
    const stream = await client.images.edit({
      model: MODEL,
      prompt: 'x',
      image: picture(),
      n: 2,
      stream: true,
      partial_images: 2,
    });
    const events: OpenAI.ImageEditStreamEvent[] = [];
    for await (const event of stream) events.push(event);
    expect(events.map(({ type }) => type)).toEqual(['image_edit.completed', 'image_edit.completed']);
    for (const event of events) {
      const { width, height } = await decoded(event);
      expect(event).toMatchObject({
        size: `${width}x${height}`,
        output_format: 'jpeg',
        background: 'opaque',
      });
      expect(event.created_at).toBeGreaterThan(1_700_000_000);
    }
    expect(events.map((event) => 'usage' in event)).toEqual([false, true]);
  });

  test('what fails before anything can be shown keeps its status and its class', async () => {
    const stream = (image: File) => client.images.edit({ model: MODEL, prompt: 'x', image, stream: true });
    const damaged = await failure(stream(picture(bytesOf(TRUNCATED), 'cut.jpg')));
    expect(damaged).toBeInstanceOf(OpenAI.BadRequestError);
    expect(damaged).toMatchObject({ code: 'invalid_image', param: 'image' });
    await gateway.simulator.fault({
      match: { path: EDITS },
      fault: { kind: 'status', status: 400, when: 'after-body' },
    });
    expect(await failure(stream(picture()))).toMatchObject({ status: 400, code: 'upstream_rejected' });
  });
});

describe('what users of other gateways complain about', () => {
  test('a mask is refused by name, and so is every parameter that would lose its meaning', async () => {
    const edit = { model: MODEL, prompt: 'x', image: picture() };
    const refused = async (more: object) => {
      const error = await failure(client.images.edit({ ...edit, ...more }));
      expect(error).toBeInstanceOf(OpenAI.BadRequestError);
      return [error.param, error.code];
    };
    expect(await refused({ mask: picture() })).toEqual(['mask', 'unsupported_parameter']);
    expect(await refused({ complexity: 'high' })).toEqual(['complexity', 'unsupported_parameter']);
    expect(await refused({ size: '1000x1000' })).toEqual(['size', 'invalid_value']);
    expect(await refused({ quality: 'max' })).toEqual(['quality', 'invalid_value']);
    expect(await refused({ background: 'transparent' })).toEqual(['background', 'invalid_value']);
    expect(await refused({ input_fidelity: 'high' })).toEqual(['input_fidelity', 'invalid_value']);
    expect(await refused({ output_format: 'gif' })).toEqual(['output_format', 'invalid_value']);
    expect(await refused({ n: 11 })).toEqual(['n', 'invalid_value']);
    expect(await refused({ model: 'dall-e-2' })).toEqual(['model', 'model_not_found']);
    expect(await refused({ colour: 'red' })).toEqual(['colour', 'unknown_parameter']);
    expect(await uploads()).toHaveLength(0);
    expect(await edits()).toHaveLength(0);
  });

  test('three images are three images upstream, in their order', async () => {
    const images = await Promise.all(
      ['#ff0000', '#00ff00', '#0000ff'].map(
        async (background) =>
          new Uint8Array(
            await sharp({ create: { width: 32, height: 32, channels: 3, background } })
              .png()
              .toBuffer(),
          ),
      ),
    );
    await client.images.edit({
      model: MODEL,
      prompt: 'x',
      image: images.map((bytes, i) => picture(bytes, `${i}.png`)),
    });
    const [edit] = await edits();
    const sources = (edit?.work as { readonly sources?: readonly string[] })?.sources ?? [];
    const digests = new Map(
      (await uploads()).map(({ work }) => {
        const file = work?.file as { readonly id: string; readonly sha256: string } | undefined;
        return [file?.id, file?.sha256];
      }),
    );
    const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
    expect(sources.map((id) => digests.get(id))).toEqual(images.map(sha256));
  });

  test('an upstream’s 429 is a RateLimitError that says when to come back', async () => {
    await gateway.simulator.fault({
      match: { path: EDITS },
      count: 'forever',
      fault: { kind: 'status', status: 429, when: 'after-body', headers: { 'retry-after': '3600' } },
    });
    const error = await failure(client.images.edit({ model: MODEL, prompt: 'x', image: picture() }));
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect(error).toMatchObject({ status: 429, code: 'upstream_rate_limited', type: 'rate_limit_error' });
    expect(Number(error.headers?.get('retry-after'))).toBeGreaterThan(3_000);
    expect(error.requestID).toMatch(/^req_/);
  });

  test('a 403 of the upstream is no fault of the caller’s key, and the client does not repeat it', async () => {
    await gateway.simulator.fault({
      match: { path: UPLOADS },
      count: 'forever',
      fault: { kind: 'status', status: 403, when: 'after-body' },
    });
    const patient = gateway.client('shop', { maxRetries: 2 });
    const error = await failure(patient.images.edit({ model: MODEL, prompt: 'x', image: picture() }));
    expect(error).toMatchObject({ status: 502, code: 'upstream_auth' });
    expect(error.headers?.get('x-should-retry')).toBe('false');
    expect(await uploads()).toHaveLength(1);
  });

  test('a wrong key, a blocked picture and a broken upload arrive as the classes for them', async () => {
    const stranger = gateway.client('shop', { apiKey: 'nobody' });
    const edit = { model: MODEL, prompt: 'x', image: picture() };
    expect(await failure(stranger.images.edit(edit))).toBeInstanceOf(OpenAI.AuthenticationError);
    const blocked = await failure(client.images.edit({ ...edit, prompt: 'blocked content' }));
    expect(blocked).toMatchObject({ status: 400, code: 'content_blocked' });
    await gateway.simulator.fault({
      match: { path: EDITS },
      fault: { kind: 'rst', code: 'INTERNAL_ERROR', when: 'after-body' },
    });
    const unknown = await failure(gateway.client('shop', { maxRetries: 2 }).images.edit(edit));
    expect(unknown).toBeInstanceOf(OpenAI.InternalServerError);
    expect(unknown).toMatchObject({ status: 502, code: 'upstream_unknown_outcome' });
  });

  test('a client whose patience ends repeats itself, and pays once', async () => {
    await gateway.simulator.fault({ match: { path: EDITS }, fault: { kind: 'delay', ms: 2_500 } });
    const impatient = gateway.client('shop', { timeout: 1_500, maxRetries: 2 });
    const answer = await impatient.images
      .edit({ model: MODEL, prompt: 'patience', image: picture() })
      .withResponse();
    expect(answer.response.headers.get('idempotent-replayed')).toBe('true');
    expect(answer.data.data).toHaveLength(1);
    expect(await billed()).toBe(1);
  });
});

describe('JSON', () => {
  const post = (body: object, init: RequestInit = {}) =>
    gateway.fetch('/v1/images/edits', {
      method: 'POST',
      body: JSON.stringify(body),
      ...init,
      headers: { 'content-type': 'application/json', ...init.headers },
    });
  const refusal = async (body: object) => {
    const answer = await post(body);
    const { error } = (await answer.json()) as { error: { code: string; param: string | null } };
    return [answer.status, error.code, error.param];
  };

  test('takes data URIs, through the client’s own post', async () => {
    const answer = (await client.post('/images/edits', {
      body: {
        model: MODEL,
        prompt: 'data: an odd prompt with "quotes" and a \\',
        n: 1,
        stream: null,
        images: [
          { image_url: dataUri(bytesOf(ROCKET)) },
          { image_url: dataUri(await smallPng(), 'image/png') },
        ],
      },
    })) as OpenAI.ImagesResponse;
    expect(answer.data?.[0]?.revised_prompt).toContain('data: an odd prompt with "quotes" and a \\');
    expect((await uploads()).map(({ work }) => work?.file?.bytes)).toContain(bytesOf(ROCKET).byteLength);
  });

  test('takes an image of many megabytes, and uploads it while it comes in', async () => {
    const large = await largePng();
    const answer = await post({
      model: MODEL,
      prompt: 'x',
      images: [{ image_url: dataUri(large, 'image/png') }],
    });
    expect(answer.status).toBe(200);
    expect((await uploads()).map(({ work }) => work?.file?.bytes)).toEqual([large.byteLength]);
  });

  test('streams its answer like multipart does', async () => {
    const answer = await post({
      model: MODEL,
      prompt: 'x',
      stream: true,
      images: [{ image_url: dataUri(bytesOf(ROCKET)) }],
    });
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    expect(await answer.text()).toMatch(
      /^event: image_edit.completed\ndata: \{"type":"image_edit.completed"/m,
    );
  });

  test('names what is wrong with an image by its place', async () => {
    const good = { image_url: dataUri(bytesOf(ROCKET)) };
    const base = { model: MODEL, prompt: 'x' };
    const bad = (one: unknown) => refusal({ ...base, images: [good, one] });
    const at = 'images[1]';
    expect(await bad({ image_url: dataUri(Buffer.from('text')) })).toEqual([
      400,
      'invalid_image',
      `${at}.image_url`,
    ]);
    expect(await bad({ image_url: dataUri(bytesOf(TRUNCATED)) })).toEqual([
      400,
      'invalid_image',
      `${at}.image_url`,
    ]);
    expect(await bad({ image_url: 'data:image/png;base64,%%%' })).toEqual([
      400,
      'invalid_image',
      `${at}.image_url`,
    ]);
    expect(await bad({ image_url: 'http://127.0.0.1/a.png' })).toEqual([
      400,
      'url_not_allowed',
      `${at}.image_url`,
    ]);
    expect(await bad({ image_url: 'file:///etc/passwd' })).toEqual([400, 'invalid_value', `${at}.image_url`]);
    expect(await bad({ image_url: 'https://x', file_id: 'y' })).toEqual([400, 'invalid_type', at]);
    expect(await bad('https://x')).toEqual([400, 'invalid_type', at]);
    expect(await bad({ file_id: 'file-of-nobody' })).toEqual([503, 'database_unavailable', null]);
    expect(await edits()).toHaveLength(0);
  });

  test('names what is wrong with a field', async () => {
    const images = [{ image_url: dataUri(bytesOf(ROCKET)) }];
    expect(await refusal({ model: MODEL, images })).toEqual([400, 'missing_required_parameter', 'prompt']);
    expect(await refusal({ prompt: 'x' })).toEqual([400, 'missing_required_parameter', 'images']);
    expect(await refusal({ prompt: 'x', images: [] })).toEqual([400, 'missing_required_parameter', 'images']);
    expect(await refusal({ prompt: 'x', images, n: '2' })).toEqual([400, 'invalid_type', 'n']);
    expect(await refusal({ prompt: 'x', images, n: 1.5 })).toEqual([400, 'invalid_value', 'n']);
    expect(await refusal({ prompt: 'x', images, mask: {} })).toEqual([400, 'unsupported_parameter', 'mask']);
    expect(await refusal({ prompt: 'x', images, colour: 1 })).toEqual([400, 'unknown_parameter', 'colour']);
    expect(await refusal({ prompt: images[0]?.image_url, images })).toEqual([400, 'invalid_value', 'images']);
    expect(await refusal({ prompt: 'x', images: [images, images] })).toEqual([
      400,
      'invalid_type',
      'images[0]',
    ]);
    expect(await refusal([])).toEqual([400, 'invalid_json', null]);
    expect(await edits()).toHaveLength(0);
  });

  test('that is cut short, or no JSON, or too long without its images, is refused', async () => {
    const send = (body: string) =>
      gateway.fetch('/v1/images/edits', {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      });
    const code = async (answer: Response) =>
      ((await answer.json()) as { error: { code: string } }).error.code;
    for (const body of ['', '{', '{"prompt":"x', '{"images":[{"image_url":"data:image/png;base64,AAAA']) {
      const answer = await send(body);
      expect([answer.status, await code(answer)]).toEqual([400, 'invalid_json']);
    }
    const long = await send(JSON.stringify({ prompt: 'x'.repeat(1_000_000) }));
    expect([long.status, await code(long)]).toEqual([413, 'request_too_large']);
  });

  test('of a client that goes away in the middle leaves nothing behind', async () => {
    const { port } = new URL(gateway.url);
    const sending = request({
      port,
      path: '/v1/images/edits',
      method: 'POST',
      headers: {
        authorization: 'Bearer a-key-of-the-shop',
        'content-type': 'application/json',
        'content-length': 30_000_000,
      },
    });
    sending.on('error', () => undefined);
    const head = `{"model":"${MODEL}","prompt":"x","images":[{"image_url":"data:image/png;base64,`;
    sending.write(head + Buffer.from((await largePng()).subarray(0, 3_000_000)).toString('base64'));
    expect(await eventually(async () => (await uploads()).length === 1)).toBe(true);
    sending.destroy();
    expect(await eventually(async () => (await uploads())[0]?.outcome === 'aborted')).toBe(true);
    expect(await edits()).toHaveLength(0);
  });
});

test('a form that is none, and a body of another type, are refused in OpenAI’s shape', async () => {
  const answer = await gateway.fetch('/v1/images/edits', { method: 'POST', body: 'x' });
  const body = await answer.json();
  expect([answer.status, body]).toEqual([
    415,
    {
      error: expect.objectContaining({
        code: 'unsupported_media_type',
        type: 'invalid_request_error',
        param: null,
      }),
    },
  ]);
  expect(answer.headers.get('x-request-id')).toMatch(/^req_/);
  const empty = await gateway.fetch('/v1/images/edits', { method: 'POST', body: form({ prompt: 'x' }) });
  expect(((await empty.json()) as { error: object }).error).toMatchObject({ param: 'image' });
});

test('the description says what an edit and a file may hold', async () => {
  const { paths } = (await (await gateway.fetch('/docs-json')).json()) as {
    paths: Record<string, { post: { requestBody: { content: Record<string, { schema: Schema }> } } }>;
  };
  type Schema = { readonly properties: object; readonly required: readonly string[] };
  const schemas = (path: string) =>
    Object.entries(paths[path]?.post.requestBody.content ?? {}).map(([type, { schema }]) => [
      type,
      schema.required,
      Object.keys(schema.properties),
    ]);
  expect(schemas('/v1/images/edits')).toEqual([
    ['multipart/form-data', ['image', 'prompt'], expect.arrayContaining(['image', 'size', 'stream'])],
    ['application/json', ['images', 'prompt'], expect.arrayContaining(['images', 'size', 'stream'])],
  ]);
  expect(schemas('/v1/files')).toEqual([
    ['multipart/form-data', ['file', 'purpose'], expect.arrayContaining(['file', 'purpose', 'model'])],
  ]);
});

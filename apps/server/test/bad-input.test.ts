import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { json } from 'node:stream/consumers';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually, type Ferry, leftovers, startFerry } from './support/ferry.ts';
import {
  bytesOf,
  form,
  IMG2IMG,
  picture,
  post,
  type Reply,
  ROCKET,
  smallPng,
  TRUNCATED,
} from './support/form.ts';
import { EDITS, UPLOADS } from './support/simulator-control.ts';

let ferry: Ferry;
beforeAll(async () => {
  ferry = await startFerry({
    toml: '[upload]\nmax_file_mb = 1\nmax_image_megapixels = 4\nmax_prompt_chars = 100\n',
  });
});
afterAll(() => ferry[Symbol.asyncDispose]());
beforeEach(() => ferry.simulator.reset());
afterEach(async () => {
  // What has been uploaded of an image that then grew too large is broken off and never looks whole.
  expect(
    await eventually(async () =>
      (await ferry.simulator.requests(UPLOADS)).every(
        ({ outcome, bodyWhole }) => outcome === 'aborted' && !bodyWhole,
      ),
    ),
  ).toBe(true);
  expect(await ferry.simulator.requests(EDITS)).toEqual([]);
  expect(await leftovers(ferry)).toEqual([]);
});

const image = picture();
/** Bigger than one spool keeps in memory, and than the 1 MiB limit. */
const big = new Uint8Array(1024 * 1024 + 1).fill(7);
big.set(bytesOf(ROCKET));

const bomb = async (): Promise<File> => {
  const png = await sharp({ create: { width: 3000, height: 3000, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  return picture(new Uint8Array(png), 'bomb.png');
};

const noisyPng = async (): Promise<Buffer> => {
  const raw = Buffer.alloc(256 * 256 * 3);
  for (let i = 0; i < raw.length; i++) raw[i] = (i * 2654435761) >>> 24;
  return await sharp(raw, { raw: { width: 256, height: 256, channels: 3 } })
    .png()
    .toBuffer();
};

const cutPng = async (): Promise<File> => {
  const png = await noisyPng();
  return picture(new Uint8Array(png.subarray(0, png.byteLength / 2)), 'cut.png');
};

const changedPng = async (): Promise<File> => {
  const png = new Uint8Array(await noisyPng());
  const middle = Math.floor(png.byteLength / 2);
  png[middle] = (png[middle] ?? 0) ^ 1;
  return picture(png, 'changed.png');
};

interface Case {
  readonly what: string;
  readonly fields: Parameters<typeof form>[0] | (() => Promise<Parameters<typeof form>[0]>);
  readonly status: number;
  readonly code: string;
  readonly param: string;
}

const many = (count: number): File[] =>
  Array.from({ length: count }, (_, i) => picture(bytesOf(ROCKET), `${i}.jpg`));

const CASES: readonly Case[] = [
  {
    what: 'no image',
    fields: { prompt: 'x' },
    status: 400,
    code: 'missing_required_parameter',
    param: 'image',
  },
  { what: 'no prompt', fields: { image }, status: 400, code: 'missing_required_parameter', param: 'prompt' },
  {
    what: 'a blank prompt',
    fields: { prompt: ' \n', image },
    status: 400,
    code: 'invalid_value',
    param: 'prompt',
  },
  {
    what: 'a prompt that is too long',
    fields: { prompt: 'x'.repeat(101), image },
    status: 400,
    code: 'invalid_value',
    param: 'prompt',
  },
  {
    what: 'a prompt of megabytes',
    fields: { prompt: 'x'.repeat(3e6), image },
    status: 400,
    code: 'invalid_value',
    param: 'prompt',
  },
  ...['0', '11', '-1', '1.5', 'two', '', '1e1'].map((n) => ({
    what: `n=${n}`,
    fields: { prompt: 'x', image, n },
    status: 400,
    code: 'invalid_value',
    param: 'n',
  })),
  {
    what: 'an unknown model',
    fields: { prompt: 'x', image, model: 'dall-e-9' },
    status: 400,
    code: 'model_not_found',
    param: 'model',
  },
  {
    what: 'a model called like a member of every object',
    fields: { prompt: 'x', image, model: 'constructor' },
    status: 400,
    code: 'model_not_found',
    param: 'model',
  },
  {
    what: 'reuse_session=maybe',
    fields: { prompt: 'x', image, reuse_session: 'maybe' },
    status: 400,
    code: 'invalid_value',
    param: 'reuse_session',
  },
  {
    what: 'an unknown response_format',
    fields: { prompt: 'x', image, response_format: 'gif' },
    status: 400,
    code: 'invalid_value',
    param: 'response_format',
  },
  {
    what: 'a misspelt field',
    fields: { prompt: 'x', image, promt: 'y' },
    status: 400,
    code: 'unknown_parameter',
    param: 'promt',
  },
  {
    what: 'a prompt given twice',
    fields: { prompt: ['x', 'y'], image },
    status: 400,
    code: 'duplicate_parameter',
    param: 'prompt',
  },
  {
    what: 'a file under another name',
    fields: { prompt: 'x', image, mask: picture() },
    status: 400,
    code: 'unknown_parameter',
    param: 'mask',
  },
  {
    what: 'more images than the upstream takes',
    fields: { prompt: 'x', image: many(4) },
    status: 400,
    code: 'too_many_images',
    param: 'image',
  },
  {
    what: 'more images than may be sent',
    fields: { prompt: 'x', image: many(17) },
    status: 400,
    code: 'too_many_images',
    param: 'image',
  },
  {
    what: 'a text file',
    fields: { prompt: 'x', image: new File(['hello, world'], 'a.png') },
    status: 400,
    code: 'invalid_image',
    param: 'image',
  },
  {
    what: 'text that is no address',
    fields: { prompt: 'x', image: 'hello' },
    status: 400,
    code: 'invalid_image',
    param: 'image',
  },
  {
    what: 'an SVG',
    fields: { prompt: 'x', image: new File(['<svg xmlns="http://www.w3.org/2000/svg"/>'], 'a.svg') },
    status: 400,
    code: 'invalid_image',
    param: 'image',
  },
  {
    what: 'an empty file',
    fields: { prompt: 'x', image: new File([], 'a.png') },
    status: 400,
    code: 'invalid_image',
    param: 'image',
  },
  {
    what: 'a JPEG cut off in the middle',
    fields: { prompt: 'x', image: picture(bytesOf(TRUNCATED)) },
    status: 400,
    code: 'invalid_image',
    param: 'image',
  },
  {
    what: 'a larger JPEG cut off in the middle',
    fields: { prompt: 'x', image: picture(bytesOf(ROCKET).subarray(0, 60_000)) },
    status: 400,
    code: 'invalid_image',
    param: 'image',
  },
  {
    what: 'a PNG cut off in the middle',
    fields: async () => ({ prompt: 'x', image: await cutPng() }),
    status: 400,
    code: 'invalid_image',
    param: 'image',
  },
  {
    what: 'a PNG with a byte that was changed on the way',
    fields: async () => ({ prompt: 'x', image: await changedPng() }),
    status: 400,
    code: 'invalid_image',
    param: 'image',
  },
  {
    what: 'a second image that is cut off',
    fields: { prompt: 'x', image: [image, picture(bytesOf(TRUNCATED), 'cut.jpg')] },
    status: 400,
    code: 'invalid_image',
    param: 'image[1]',
  },
  {
    what: 'a pixel bomb',
    fields: async () => ({ prompt: 'x', image: await bomb() }),
    status: 400,
    code: 'invalid_image',
    param: 'image',
  },
  {
    what: 'a file over the limit',
    fields: { prompt: 'x', image: picture(big) },
    status: 413,
    code: 'file_too_large',
    param: 'image',
  },
  {
    what: 'a data URI over the limit',
    fields: { prompt: 'x', image: `data:image/jpeg;base64,${Buffer.from(big).toString('base64')}` },
    status: 413,
    code: 'file_too_large',
    param: 'image',
  },
  {
    what: 'a data URI that is not base64',
    fields: { prompt: 'x', image: 'data:image/png;base64,&&&&' },
    status: 400,
    code: 'invalid_image',
    param: 'image',
  },
  {
    what: 'a URL of this machine',
    fields: { prompt: 'x', image: 'http://127.0.0.1:1/a.png' },
    status: 400,
    code: 'url_not_allowed',
    param: 'image',
  },
  {
    what: 'a URL of the cloud’s metadata',
    fields: { prompt: 'x', image: 'http://169.254.169.254/latest/meta-data' },
    status: 400,
    code: 'url_not_allowed',
    param: 'image',
  },
  {
    what: 'a URL of a private network',
    fields: { prompt: 'x', image: [image, 'https://[fd00::1]/a.png'] },
    status: 400,
    code: 'url_not_allowed',
    param: 'image[1]',
  },
  {
    what: 'a URL that resolves to this machine',
    fields: { prompt: 'x', image: 'http://localhost/a.png' },
    status: 400,
    code: 'url_not_allowed',
    param: 'image',
  },
  {
    what: 'a URL with a password',
    fields: { prompt: 'x', image: 'https://u:secret@example.com/a.png' },
    status: 400,
    code: 'url_not_allowed',
    param: 'image',
  },
];

test.each(CASES)(
  '$what is answered $status $code and names $param',
  async ({ fields, status, code, param }) => {
    const reply = await post(ferry.url, form(typeof fields === 'function' ? await fields() : fields));
    expect(reply.body.error).toEqual({
      message: expect.any(String),
      type: 'invalid_request_error',
      param,
      code,
    });
    expect(reply.status).toBe(status);
    expect(reply.headers.get('x-request-id')).toMatch(/^req_/);
    expect(reply.body.error?.message).not.toContain('secret');
  },
);

describe('requests that are no form', () => {
  const send = async (contentType: string | undefined, body: string): Promise<Reply> => {
    const response = await fetch(`${ferry.url}${IMG2IMG}`, {
      method: 'POST',
      body: new TextEncoder().encode(body),
      ...(contentType !== undefined && { headers: { 'content-type': contentType } }),
    });
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Reply['body'],
    };
  };
  const B = 'multipart/form-data; boundary=b';

  test.each([
    ['JSON', 'application/json', '{"prompt":"x"}', 415, 'unsupported_media_type'],
    ['malformed JSON', 'application/json', '{', 415, 'unsupported_media_type'],
    ['a URL-encoded form', 'application/x-www-form-urlencoded', 'prompt=x', 415, 'unsupported_media_type'],
    ['no content type', undefined, 'prompt=x', 415, 'unsupported_media_type'],
    ['a form without a boundary', 'multipart/form-data', '--b\r\n', 400, 'invalid_multipart'],
    [
      'a form that is cut short',
      B,
      '--b\r\ncontent-disposition: form-data; name="prompt"\r\n\r\nx',
      400,
      'invalid_multipart',
    ],
    [
      'a form that is cut short in a file',
      B,
      '--b\r\ncontent-disposition: form-data; name="image"; filename="a"\r\n\r\n\x89PNG',
      400,
      'invalid_multipart',
    ],
    ['bytes that are no form', B, 'hello', 400, 'invalid_multipart'],
    ['an empty body', B, '', 400, 'missing_required_parameter'],
  ] as const)('%s', async (_, contentType, body, status, code) => {
    const reply = await send(contentType, body);
    expect([reply.status, reply.body.error?.code]).toEqual([status, code]);
  });

  test('a field that would change every object is refused', async () => {
    const part = (name: string) => `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\nx\r\n`;
    const reply = await send(B, `${part('__proto__')}--b--\r\n`);
    expect([reply.status, reply.body.error?.code]).toEqual([400, 'unknown_field']);
  });

  test('a hundred thousand parts end early', async () => {
    const part = '--b\r\ncontent-disposition: form-data; name="image"; filename="a"\r\n\r\n\r\n';
    const reply = await send(B, `${part.repeat(100_000)}--b--\r\n`);
    expect([reply.status, reply.body.error?.code]).toEqual([400, 'invalid_image']);
  });
});

describe('other addresses and methods', () => {
  test.each([
    ['GET', '/nowhere', 404, 'not_found'],
    ['GET', '/images/../../etc/passwd', 404, 'not_found'],
    ['GET', IMG2IMG, 405, 'method_not_allowed'],
    ['DELETE', '/admin/img2img', 405, 'method_not_allowed'],
    ['POST', '/health/live', 405, 'method_not_allowed'],
    ['GET', '/%', 400, 'invalid_request'],
    ['GET', `/images/${'a'.repeat(300)}`, 414, 'uri_too_long'],
  ])('%s %s is answered in the same shape', async (method, path, status, code) => {
    const response = await fetch(`${ferry.url}${path}`, { method });
    const body = (await response.json()) as Reply['body'];
    expect([response.status, body.error?.code]).toEqual([status, code]);
    expect(response.headers.get('x-request-id')).toMatch(/^req_/);
    if (status === 405) expect(response.headers.get('allow')).toMatch(/^[A-Z, ]+$/);
  });

  test('headers that are too large are answered 431 in the same shape', async () => {
    const response = await fetch(`${ferry.url}/health/live`, { headers: { 'x-large': 'x'.repeat(20_000) } });
    expect([response.status, ((await response.json()) as Reply['body']).error?.code]).toEqual([
      431,
      'headers_too_large',
    ]);
    expect(response.headers.get('x-request-id')).toMatch(/^req_/);
  });
});

test('after a file that is too large the connection carries the next request', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const body = Buffer.concat([
    Buffer.from('--b\r\ncontent-disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'),
    bytesOf(ROCKET),
    Buffer.alloc(5 * 1024 * 1024),
    Buffer.from('\r\n--b--\r\n'),
  ]);
  const send = async (): Promise<{ status: number | undefined; port: number | undefined; code: unknown }> => {
    const outgoing = request(`${ferry.url}${IMG2IMG}`, {
      method: 'POST',
      agent,
      headers: { 'content-type': 'multipart/form-data; boundary=b', 'content-length': body.byteLength },
    });
    outgoing.end(body);
    const [response] = await once(outgoing, 'response');
    const { error } = (await json(response)) as { error: { code: string } };
    return { status: response.statusCode, port: outgoing.socket?.localPort, code: error.code };
  };
  const first = await send();
  expect(first).toEqual({ status: 413, port: expect.any(Number), code: 'file_too_large' });
  expect(await send()).toEqual(first);
  agent.destroy();
});

test('a picture just below every limit is taken by the gateway', async () => {
  const png = await smallPng();
  await ferry.simulator.fault({
    match: { path: UPLOADS },
    fault: { kind: 'status', status: 400, when: 'early' },
  });
  const reply = await post(ferry.url, form({ prompt: 'x'.repeat(100), image: picture(png, 'small.png') }));
  expect([reply.status, reply.body.error?.code]).toEqual([400, 'upstream_rejected']);
  await ferry.simulator.reset();
});

import { once } from 'node:events';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ferry, FerryProcess, startFerry } from './support/ferry.ts';
import { form, IMG2IMG, picture, post } from './support/form.ts';

interface Raw {
  readonly status: number | undefined;
  readonly body: string;
}

/** fetch would not let a test set Host. */
async function get(url: string, path: string, headers: Readonly<Record<string, string>>): Promise<Raw> {
  const outgoing = request(`${url}${path}`, { headers, agent: false }).end();
  const [response] = await once(outgoing, 'response');
  return { status: response.statusCode, body: await text(response) };
}

describe('on loopback without a key', () => {
  let ferry: Ferry;
  beforeAll(async () => {
    ferry = await startFerry();
  });
  afterAll(() => ferry[Symbol.asyncDispose]());

  test('a name that was rebound to this machine is refused everywhere', async () => {
    for (const path of [
      '/',
      '/admin/img2img',
      '/api/v1/admin/console',
      '/health/live',
      '/docs-json',
      '/images/x',
      '/none',
    ]) {
      const { status, body } = await get(ferry.url, path, { host: 'evil.example' });
      expect([path, status, JSON.parse(body).error.code]).toEqual([path, 403, 'host_not_allowed']);
    }
  });

  test('a page of another site cannot post, our own can', async () => {
    const edit = (origin: string) =>
      post(ferry.url, form({ prompt: 'x', image: picture() }), { headers: { origin } });
    const other = await edit('http://evil.example');
    expect([other.status, other.body.error?.code]).toEqual([403, 'origin_not_allowed']);
    expect((await edit(ferry.url)).status).toBe(200);
  });

  test('the page is served with a strict policy, and its files for ever', async () => {
    const page = await fetch(`${ferry.url}/`);
    expect(page.url).toBe(`${ferry.url}/admin/img2img`);
    const html = await page.text();
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain('unsafe');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    const script = /src="(\/admin\/assets\/[^"]+\.js)"/.exec(html)?.[1];
    const asset = await fetch(`${ferry.url}${script}`);
    await asset.body?.cancel();
    expect(asset.status).toBe(200);
    expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(asset.headers.get('x-content-type-options')).toBe('nosniff');
    expect((await fetch(`${ferry.url}/admin/assets/none.js`)).status).toBe(404);
  });

  test('the page learns models, limits and defaults', async () => {
    const info = await (await fetch(`${ferry.url}/api/v1/admin/console`)).json();
    expect(info).toEqual({
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      upstream: { name: 'simulator', simulated: true },
      models: [
        { id: 'grok-imagine-image', aliases: ['grok-imagine-1.0-edit'] },
        { id: 'grok-imagine-image-quality' },
        { id: 'grok-imagine-image-2.0' },
      ],
      default_model: 'grok-imagine-image',
      limits: { max_images: 3, max_file_bytes: 20 * 1024 * 1024, max_prompt_chars: 8000, n_max: 10 },
      upload: { reuse_session: false, transport: 'auto' },
    });
  });

  test('the documentation describes img2img as OpenAPI 3.1', async () => {
    const document = (await (await fetch(`${ferry.url}/docs-json`)).json()) as {
      openapi: string;
      paths: Record<
        string,
        {
          post?: {
            requestBody: { content: Record<string, { schema: { required: string[]; properties: object } }> };
          };
        }
      >;
    };
    expect(document.openapi).toMatch(/^3\.1\./);
    const schema = document.paths[IMG2IMG]?.post?.requestBody.content['multipart/form-data']?.schema;
    expect(schema?.required).toEqual(['image', 'prompt']);
    expect(Object.keys(schema?.properties ?? {})).toEqual([
      'image',
      'prompt',
      'model',
      'n',
      'reuse_session',
      'response_format',
    ]);
    expect((await fetch(`${ferry.url}/docs`)).headers.get('content-type')).toContain('text/html');
  });

  test('health says that it lives and is ready', async () => {
    expect(await (await fetch(`${ferry.url}/health/live`)).json()).toEqual({ status: 'ok' });
    const ready = await fetch(`${ferry.url}/health/ready`);
    expect([ready.status, await ready.json()]).toEqual([
      200,
      {
        status: 'ok',
        checks: { accepting: 'ok', upstream: 'ok', storage: 'ok', event_loop: 'ok' },
        database: { kind: 'off' },
      },
    ]);
  });

  test('a caller’s own request id is kept when it is harmless', async () => {
    const ask = async (id: string) =>
      (await fetch(`${ferry.url}/health/live`, { headers: { 'x-request-id': id } })).headers.get(
        'x-request-id',
      );
    expect(await ask('trace-1234567890')).toBe('trace-1234567890');
    expect(await ask('a b c d e f g')).toMatch(/^req_/);
  });
});

describe('with an admin key', () => {
  const KEY = 'correct-horse-battery';
  let ferry: Ferry;
  beforeAll(async () => {
    ferry = await startFerry({
      toml: '[server]\nhost = "0.0.0.0"\n[auth]\nadmin_key = "env:ADMIN"\n[[api_key]]\nname = "shop"\nkey = "env:SHOP"\n',
      env: { ADMIN: KEY, SHOP: 'a-key-of-the-shop' },
    });
  });
  afterAll(() => ferry[Symbol.asyncDispose]());

  test.each([undefined, 'Bearer wrong', 'Basic x', `Bearer ${KEY}x`])(
    '%s is 401 before anything is read',
    async (key) => {
      const headers: Record<string, string> = key === undefined ? {} : { authorization: key };
      const reply = await post(ferry.url, form({ prompt: 'x', image: picture() }), { headers });
      expect([reply.status, reply.body.error?.code]).toEqual([401, 'invalid_api_key']);
      expect(reply.headers.get('www-authenticate')).toMatch(/^Bearer/);
    },
  );

  test('the key lets in, also to health and documentation, under any host name', async () => {
    const headers = { authorization: `Bearer ${KEY}` };
    expect((await post(ferry.url, form({ prompt: 'x', image: picture() }), { headers })).status).toBe(200);
    expect((await get(ferry.url, '/health/live', { ...headers, host: 'ferry.example' })).status).toBe(200);
    expect((await get(ferry.url, '/health/live', { host: 'ferry.example' })).status).toBe(401);
    expect((await get(ferry.url, '/docs-json', {})).status).toBe(401);
    expect((await get(ferry.url, '/admin/img2img', {})).status).toBe(200);
  });

  test('the key is in no log line', () => {
    expect(ferry.process.stdout + ferry.process.stderr).not.toContain(KEY);
  });
});

test('without a key Ferry does not start where other machines can reach it', async () => {
  await using ferry = await FerryProcess.spawn({ toml: '[server]\nhost = "0.0.0.0"\n' });
  expect(await ferry.exit()).toEqual({ code: 78, signal: null });
  expect(ferry.stderr).toBe(
    'Ferry cannot start: a mistake in the configuration\n' +
      '  server.host: "0.0.0.0" can be reached from other machines, expected auth.admin_key beside it ' +
      '(such as "env:FERRY_ADMIN_KEY") or a loopback address\n',
  );
});

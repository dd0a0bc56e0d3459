import { type ConnectProxy, startConnectProxy } from '@ferry/core/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { FerryProcess, startFerry } from './support/ferry.ts';
import { form, picture, post, type Reply } from './support/form.ts';
import { UPLOADS } from './support/simulator-control.ts';
import { Upstream } from './support/upstream.ts';

let upstream: Upstream;
let proxy: ConnectProxy;
beforeAll(async () => {
  upstream = await Upstream.start('--key', 'key-one');
});
afterAll(() => upstream[Symbol.asyncDispose]());
beforeEach(async () => {
  await upstream.control.reset();
  proxy = await startConnectProxy();
});
afterEach(() => proxy.close());

const toml = (upload: string): string =>
  [
    '[upload]',
    upload,
    '[[provider]]',
    'name = "mine"',
    `base_url = "${upstream.url}"`,
    'models = ["grok-imagine-image"]',
    'keys = ["env:ONE"]',
    `ca_file = ${JSON.stringify(upstream.caFile)}`,
  ].join('\n');

async function started(
  upload: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ process: FerryProcess; url: string }> {
  const process = await FerryProcess.spawn({ toml: toml(upload), env: { ONE: 'key-one', ...env } });
  const { msg } = await process.line((line) => line.msg.startsWith('Ferry is ready: '));
  return { process, url: new URL(msg.slice('Ferry is ready: '.length)).origin };
}

const edit = (url: string): Promise<Reply> => post(url, form({ prompt: 'x', image: picture() }));

test.each(['undici', 'http1'])(
  'with %s everything asked of an upstream goes through the configured proxy',
  async (transport) => {
    const upload = `proxy = "env:UPLOAD_PROXY"\ntransport = "${transport}"`;
    const { process, url } = await started(upload, { UPLOAD_PROXY: proxy.address('user:hunter2') });
    await using _ = process;
    expect((await edit(url)).status).toBe(200);
    const credentials = `Basic ${Buffer.from('user:hunter2').toString('base64')}`;
    expect(new Set(proxy.requests.map(({ authority }) => authority))).toEqual(
      new Set([new URL(upstream.url).host]),
    );
    expect(new Set(proxy.requests.map(({ headers }) => headers['proxy-authorization']))).toEqual(
      new Set([credentials]),
    );
    expect(await upstream.control.requests(UPLOADS)).toHaveLength(1);
    expect(process.messages()).toContain(`mine is reached through the proxy ${proxy.address()}`);
    expect(process.stdout + process.stderr).not.toMatch(/hunter2|Basic/);
    process.kill('SIGTERM');
    await process.exit();
    await proxy.empty();
  },
);

test('a proxy that wants other credentials is told to the caller as the gateway’s trouble', async () => {
  const closed = await startConnectProxy({
    behaviour: (_request, client) => client.end('HTTP/1.1 407 No\r\n\r\n'),
  });
  try {
    const { process, url } = await started(
      `proxy = "${closed.address('user:hunter2')}"\n[retry]\nmax_retry = 1\nretry_backoff_base = 0.001`,
    );
    await using _ = process;
    const reply = await edit(url);
    expect([reply.status, reply.body.error?.code]).toEqual([502, 'upstream_transport']);
    expect(await upstream.control.requests(UPLOADS)).toEqual([]);
    expect(process.stdout).toContain('the proxy asks for authentication (407)');
    expect(process.stdout + process.stderr + JSON.stringify(reply.body)).not.toMatch(/hunter2|Basic/);
  } finally {
    await closed.close();
  }
});

test('the simulator is never reached through a proxy', async () => {
  const address = proxy.address();
  const env = { FERRY_UPLOAD__PROXY: address, HTTPS_PROXY: address, HTTP_PROXY: address };
  await using ferry = await startFerry({ env });
  expect((await edit(ferry.url)).status).toBe(200);
  expect(proxy.requests).toEqual([]);
});

test('an upstream on this machine is not reached through the environment’s proxy', async () => {
  const { process, url } = await started('', { HTTPS_PROXY: proxy.address() });
  await using _ = process;
  expect((await edit(url)).status).toBe(200);
  expect(proxy.requests).toEqual([]);
});

test('a proxy of the environment that cannot be used stops the start', async () => {
  const env = { HTTPS_PROXY: 'socks5://user:hunter2@proxy.test:1080' };
  await using process = await FerryProcess.spawn({ env });
  expect((await process.exit()).code).toBe(78);
  expect(process.stderr).toContain('HTTPS_PROXY: a proxy is http: or https:');
  expect(process.stderr).not.toContain('hunter2');
});

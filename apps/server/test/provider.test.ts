import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { FerryProcess } from './support/ferry.ts';
import { form, picture, post, type Reply } from './support/form.ts';
import { EDITS, UPLOADS } from './support/simulator-control.ts';
import { Upstream } from './support/upstream.ts';

let upstream: Upstream;
beforeAll(async () => {
  upstream = await Upstream.start('--key', 'key-one', '--key', 'key-two');
});
afterAll(() => upstream[Symbol.asyncDispose]());
beforeEach(() => upstream.control.reset());

const provider = (keys: readonly string[], more = ''): string =>
  [
    '[[provider]]',
    'name = "mine"',
    `base_url = "${upstream.url}"`,
    'models = ["grok-imagine-image", "grok-imagine-image-2.0"]',
    `keys = ${JSON.stringify(keys)}`,
    `ca_file = ${JSON.stringify(upstream.caFile)}`,
    '[alias]',
    '"quick" = "grok-imagine-image-2.0"',
    more,
  ].join('\n');

const env = { ONE: 'key-one', TWO: 'key-two', WRONG: 'key-wrong' };

/** A gateway without a simulator of its own. */
async function started(toml: string): Promise<{ process: FerryProcess; url: string }> {
  const process = await FerryProcess.spawn({ toml, env });
  const { msg } = await process.line((line) => line.msg.startsWith('Ferry is ready: '));
  return { process, url: new URL(msg.slice('Ferry is ready: '.length)).origin };
}

const edit = (url: string, fields: Record<string, string> = {}): Promise<Reply> =>
  post(url, form({ prompt: 'x', image: [picture(), picture(), picture()], ...fields }));

test('a configured upstream is used with its own authority, its models and aliases, and no simulator starts', async () => {
  const { process, url } = await started(
    provider(['env:ONE'], '[server]\npublic_url = "https://ferry.example/base/"\n'),
  );
  await using _ = process;
  const reply = await edit(url, { model: 'quick' });
  expect([reply.status, reply.body.model]).toEqual([200, 'grok-imagine-image-2.0']);
  expect(reply.body.data?.[0]?.url).toMatch(/^https:\/\/ferry\.example\/base\/images\/[\w-]{24}\.\w+$/);
  expect((await edit(url, { model: 'grok-imagine-1.0-edit' })).body.error?.code).toBe('model_not_found');
  const info = (await (await fetch(`${url}/api/v1/admin/console`)).json()) as {
    upstream: object;
    models: object;
  };
  expect(info.upstream).toEqual({ name: 'mine', simulated: false });
  expect(info.models).toEqual([
    { id: 'grok-imagine-image' },
    { id: 'grok-imagine-image-2.0', aliases: ['quick'] },
  ]);
  expect(process.messages().some((msg) => msg.startsWith('Simulated upstream'))).toBe(false);
});

test('an upload says when the upstream may delete it, and says nothing of it when that is 0', async () => {
  const hours: number[] = [];
  for (const more of ['', '[upload]\nexpires_after_s = 7200\n', '[upload]\nexpires_after_s = 0\n']) {
    const { process, url } = await started(provider(['env:ONE'], more));
    await using _ = process;
    await upstream.control.reset();
    expect((await edit(url)).status).toBe(200);
    const [upload] = await upstream.control.requests(UPLOADS);
    hours.push(Math.round(((upload?.work?.file?.expiresAt ?? 0) - (upload?.at ?? 0)) / 3_600_000));
  }
  const [byDefault, two, simulatorsOwn] = hours;
  expect([byDefault, two]).toEqual([24, 2]);
  expect([byDefault, two]).not.toContain(simulatorsOwn);
});

test('a refused key is left for the other, and the edit names only files of its own key', async () => {
  const { process, url } = await started(provider(['env:WRONG', 'env:TWO']));
  await using _ = process;
  const reply = await edit(url);
  expect(reply.status).toBe(200);
  const uploads = (await upstream.control.requests(UPLOADS)).filter(({ status }) => status === 200);
  const edits = await upstream.control.requests(EDITS);
  expect(edits.map(({ status }) => status)).toEqual([200]);
  expect(new Set([...uploads, ...edits].map(({ keyAlias }) => keyAlias)).size).toBe(1);
  expect(process.stdout).not.toMatch(/key-(wrong|two)/);
});

test('when every key is refused the caller hears that it is the gateway’s key', async () => {
  const { process, url } = await started(provider(['env:WRONG']));
  await using _ = process;
  const reply = await edit(url);
  expect([reply.status, reply.body.error?.code]).toEqual([502, 'upstream_auth']);
  expect(JSON.stringify(reply.body)).not.toContain('key-wrong');
});

test('an upstream whose certificate is not trusted is never talked to', async () => {
  const { process, url } = await started(provider(['env:ONE']).replace(/^ca_file.*$/m, ''));
  await using _ = process;
  const reply = await edit(url);
  expect([reply.status, reply.body.error?.code]).toEqual([502, 'upstream_transport']);
  expect(await upstream.control.requests(UPLOADS)).toEqual([]);
});

test('an authority file that is none stops the start', async () => {
  await using process = await FerryProcess.spawn({
    toml: provider(['env:ONE']).replace(/^ca_file.*$/m, 'ca_file = "none.pem"'),
    env,
  });
  expect((await process.exit()).code).toBe(78);
  expect(process.stderr).toContain('"none.pem" cannot be read, expected a PEM file');
});

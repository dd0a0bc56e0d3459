import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { eventually, FerryProcess } from './support/ferry.ts';
import { form, picture, post, type Reply } from './support/form.ts';
import { EDITS, UPLOADS } from './support/simulator-control.ts';
import { Upstream } from './support/upstream.ts';

let upstream: Upstream;
beforeAll(async () => {
  upstream = await Upstream.start('--key', 'key-one', '--key', 'key-two');
});
afterAll(() => upstream[Symbol.asyncDispose]());
beforeEach(() => upstream.control.reset());

/** A gateway of its own for each test: what a key has gone through stays with it. */
async function started(keys: readonly string[]): Promise<{ process: FerryProcess; url: string }> {
  const toml = [
    '[[provider]]',
    'name = "mine"',
    `base_url = "${upstream.url}"`,
    'models = ["grok-imagine-image"]',
    `keys = ${JSON.stringify(keys)}`,
    `ca_file = ${JSON.stringify(upstream.caFile)}`,
  ].join('\n');
  const env = { ONE: 'key-one', TWO: 'key-two' };
  const process = await FerryProcess.spawn({ toml, env });
  const { msg } = await process.line((line) => line.msg.startsWith('Ferry is ready: '));
  return { process, url: new URL(msg.slice('Ferry is ready: '.length)).origin };
}

const edit = (url: string): Promise<Reply> =>
  post(url, form({ prompt: 'x', image: [picture(), picture(), picture()] }));

const limit = (path: string, seconds: number, count: number | 'forever') => ({
  match: { path },
  count,
  fault: { kind: 'status', status: 429, headers: { 'retry-after': String(seconds) }, when: 'after-body' },
});

const keysOf = async (path: string): Promise<Set<string | undefined>> =>
  new Set(
    (await upstream.control.requests(path))
      .filter(({ status }) => status === 200)
      .map(({ keyAlias }) => keyAlias),
  );

test('a key that is limited during the uploads is left at once, and the edit names only files of the other', async () => {
  const { process, url } = await started(['env:ONE', 'env:TWO']);
  await using _ = process;
  await upstream.control.fault(limit(UPLOADS, 600, 1));
  const reply = await edit(url);
  expect(reply.status).toBe(200);
  const edits = await keysOf(EDITS);
  expect(edits.size).toBe(1);
  const uploads = await keysOf(UPLOADS);
  expect([...edits].every((key) => uploads.has(key))).toBe(true);
  expect((await upstream.control.requests(EDITS)).map(({ status }) => status)).toEqual([200]);
});

test('a key that is limited after the uploads is waited for by the edit, which does not move', async () => {
  const { process, url } = await started(['env:ONE', 'env:TWO']);
  await using _ = process;
  await upstream.control.fault(limit(EDITS, 1, 1));
  const reply = await edit(url);
  expect(reply.status).toBe(200);
  const edits = await upstream.control.requests(EDITS);
  expect(edits.map(({ status }) => status)).toEqual([429, 200]);
  expect(new Set(edits.map(({ keyAlias }) => keyAlias)).size).toBe(1);
});

test('when every key is limited for too long, callers are told at once when to come back, and nothing is sent', async () => {
  const { process, url } = await started(['env:ONE', 'env:TWO']);
  await using _ = process;
  await upstream.control.fault(limit(UPLOADS, 600, 'forever'));
  const first = await edit(url);
  expect([first.status, first.body.error?.code]).toEqual([429, 'upstream_rate_limited']);
  await upstream.control.reset();
  // The first one's other uploads were broken off, and may be written down only now.
  const since = Date.now();
  const second = await edit(url);
  expect([second.status, second.body.error?.code]).toEqual([429, 'upstream_rate_limited']);
  const after = Number(second.headers.get('retry-after'));
  expect(after > 500 && after <= 600).toBe(true);
  expect((await upstream.control.requests(UPLOADS)).filter(({ at }) => at >= since)).toEqual([]);
});

test('the error lists every attempt with its key’s alias, its delivery and its delay, and no key', async () => {
  const { process, url } = await started(['env:ONE', 'env:TWO']);
  await using _ = process;
  await upstream.control.fault(limit(UPLOADS, 600, 'forever'));
  const { body } = await edit(url);
  expect(body.attempts).toContainEqual(
    expect.objectContaining({
      delivery: 'answered',
      phase: 'body',
      status: 429,
      delay_ms: 0,
      credential: expect.stringMatching(/^mine-[12]$/),
    }),
  );
  expect(JSON.stringify(body)).not.toMatch(/key-(one|two)/);
  expect(process.stdout).not.toMatch(/key-(one|two)/);
});

test('an operator sees the attempts under way with each key, and none when they have ended', async () => {
  const { process, url } = await started(['env:ONE', 'env:TWO']);
  await using _ = process;
  const underWay = async (): Promise<string> => {
    const answer = await fetch(`${url}/api/v1/admin/transport`);
    const { credentials } = (await answer.json()) as { credentials: { alias: string; in_flight: number }[] };
    return credentials.map(({ alias, in_flight }) => `${alias} ${in_flight}`).join(', ');
  };
  await upstream.control.fault({ match: { path: EDITS }, fault: { kind: 'silence', readBody: true } });
  const caller = new AbortController();
  const leaving = fetch(`${url}/api/v1/admin/img2img`, {
    method: 'POST',
    body: form({ prompt: 'x', image: picture() }),
    signal: caller.signal,
  }).catch(() => undefined);
  expect(await eventually(async () => (await underWay()) === 'mine-1 1, mine-2 0')).toBe(true);
  caller.abort();
  await leaving;
  expect(await eventually(async () => (await underWay()) === 'mine-1 0, mine-2 0')).toBe(true);
});

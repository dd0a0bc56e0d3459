import { expect, test } from 'vitest';
import { eventually, type Ferry, startFerry } from './support/ferry.ts';
import { form, picture, post } from './support/form.ts';
import { SlowClient } from './support/slow-client.ts';

/** Connections that stand ready and have carried nothing. */
async function unused(ferry: Ferry): Promise<number> {
  const response = await fetch(`${ferry.url}/api/v1/admin/transport`);
  const { connections } = (await response.json()) as {
    connections: readonly { state: string; uses: number }[];
  };
  return connections.filter(({ state, uses }) => state === 'live' && uses === 0).length;
}

test.each([
  ['undici', false],
  ['undici', true],
  ['http1', false],
  ['http1', true],
])(
  'over %s with reuse_session = %s the first upload after a start finds a connection that its form had opened',
  async (transport, reuseSession) => {
    const toml = `[upload]\ntransport = "${transport}"\nreuse_session = ${reuseSession}\n`;
    await using ferry = await startFerry({ toml });
    using client = new SlowClient(ferry.url, {
      image: await picture().bytes(),
      filename: 'a.png',
      before: { prompt: 'x' },
    });
    expect(await eventually(async () => (await unused(ferry)) === 1)).toBe(true);
    client.finish();
    const { status, body } = await client.reply();
    expect(status).toBe(200);
    expect(body.uploads?.map(({ connection }) => connection.origin)).toEqual(['prewarmed']);
  },
);

test('without spares an isolated connection is not opened before its upload', async () => {
  await using ferry = await startFerry({ toml: '[pool]\nspares = 0\n' });
  using client = new SlowClient(ferry.url, {
    image: await picture().bytes(),
    filename: 'a.png',
    before: { prompt: 'x' },
  });
  client.finish();
  const { body } = await client.reply();
  expect(body.uploads?.map(({ connection }) => connection.origin)).toEqual(['fresh']);
});

const announce = (ferry: Ferry, body: unknown): Promise<Response> =>
  fetch(`${ferry.url}/api/v1/admin/console/prepare`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

test('the page says that an edit is about to come, and its upload finds a connection ready', async () => {
  await using ferry = await startFerry();
  // However often it is said.
  const statuses = await Promise.all([{}, { reuse_session: false }, {}].map((body) => announce(ferry, body)));
  expect(statuses.map(({ status }) => status)).toEqual([204, 204, 204]);
  expect(await eventually(async () => (await unused(ferry)) === 1)).toBe(true);
  const { status, body } = await post(ferry.url, form({ prompt: 'x', image: picture() }));
  expect(status).toBe(200);
  expect(body.uploads?.map(({ connection }) => connection.origin)).toEqual(['prewarmed']);

  const refused = await announce(ferry, { model: 'none' });
  expect([refused.status, await refused.json()]).toMatchObject([400, { error: { param: 'model' } }]);
  const wrong = await announce(ferry, { reuse_session: 'yes' });
  expect([wrong.status, await wrong.json()]).toMatchObject([400, { error: { param: 'reuse_session' } }]);
});

import { expect, test } from 'vitest';
import { eventually, type Ferry, startFerry } from './support/ferry.ts';
import { picture } from './support/form.ts';
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

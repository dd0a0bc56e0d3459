import { beforeAll, expect, test } from 'vitest';
import { eventually, type Ferry, leftovers, startFerry } from './support/ferry.ts';
import { form, largePng, picture, post } from './support/form.ts';
import { type LedgerEntry, UPLOADS } from './support/simulator-control.ts';
import { SlowClient } from './support/slow-client.ts';

/** Two places at the upstream: one of them may be held by a client that still sends. */
const TWO_PLACES = { FERRY_UPLOAD__CONCURRENCY: '2', FERRY_POOL__SPARES: '0' };

let image: Uint8Array<ArrayBuffer>;
beforeAll(async () => {
  image = await largePng();
});

const uploadsOf = (ferry: Ferry): Promise<readonly LedgerEntry[]> => ferry.simulator.requests(UPLOADS);

/** A client that sends a piece every 50 ms until it is told to stop. Gives how much it has sent. */
function dripping(client: SlowClient, from: number, bytesPerSecond: number): { stop(): Promise<number> } {
  let going = true;
  let sent = from;
  const done = (async () => {
    while (going && sent < image.byteLength - 1_000_000) {
      sent += bytesPerSecond / 20;
      await client.sendUntil(sent);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return sent;
  })();
  return {
    stop: () => {
      going = false;
      return done;
    },
  };
}

/** Sends enough for its upload to begin. */
async function begun(ferry: Ferry): Promise<SlowClient> {
  const client = new SlowClient(ferry.url, { image, filename: 'large.png', before: { prompt: 'x' } });
  await client.sendUntil(1_000_000);
  expect(await eventually(async () => (await uploadsOf(ferry)).length === 1)).toBe(true);
  return client;
}

test.each([
  ['that drips', { FERRY_UPLOAD__SLOW_CLIENT_KB_S: '64' }, 8 * 1024],
  ['whose share of time is over', { FERRY_UPLOAD__SLOW_CLIENT_S: '1' }, 400_000],
])(
  'a client %s gives its connection back, while others are served, and is served when it is whole',
  async (_, env, bytesPerSecond) => {
    await using ferry = await startFerry({ env: { ...TWO_PLACES, ...env } });
    using slow = await begun(ferry);
    const drip = dripping(slow, 1_000_000, bytesPerSecond);
    const givenUp = async (): Promise<boolean> => (await uploadsOf(ferry))[0]?.outcome === 'aborted';
    // All the while others come and go.
    const others: number[] = [];
    while (!(await givenUp())) {
      const images = [picture(), picture()];
      others.push((await post(ferry.url, form({ prompt: 'x', image: images }))).status);
      expect(others.length).toBeLessThan(200);
    }
    expect(new Set(others)).toEqual(new Set([200]));
    // It holds nothing at the upstream any more, and goes on sending.
    expect(await eventually(async () => (await ferry.simulator.openConnections()) === 0)).toBe(true);
    await drip.stop();
    expect((await uploadsOf(ferry)).filter(({ outcome }) => outcome === 'open')).toEqual([]);
    slow.finish();
    const reply = await slow.reply();
    expect([reply.status, reply.body.uploads?.[0]?.attempts]).toEqual([200, 1]);
    expect((await uploadsOf(ferry)).at(-1)?.work?.file?.bytes).toBe(image.byteLength);
    expect(await leftovers(ferry)).toEqual([]);
    // Its pace is no failure of the upload: nothing is said of it.
    expect(ferry.process.messages().filter((msg) => msg.startsWith('Upload failed'))).toEqual([]);
  },
);

test('an answer tells the upstream’s time from the time in which the client was still sending', async () => {
  await using ferry = await startFerry();
  using client = await begun(ferry);
  const beganAt = performance.now();
  await dripping(client, 1_000_000, 1_000_000).stop();
  await client.sendUntil(image.byteLength - 1_000);
  expect(await eventually(() => performance.now() - beganAt > 700)).toBe(true);
  client.finish();
  const { body } = await client.reply();
  const [upload] = body.uploads ?? [];
  expect(upload?.duration_ms).toBeGreaterThan(700);
  expect(upload?.upstream_ms).toBeLessThanOrEqual((upload?.duration_ms ?? 0) - 700);
});

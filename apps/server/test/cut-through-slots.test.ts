import { beforeAll, expect, test } from 'vitest';
import { eventually, type Ferry, leftovers, startFerry } from './support/ferry.ts';
import { form, largePng, picture, post } from './support/form.ts';
import { type LedgerEntry, UPLOADS } from './support/simulator-control.ts';
import { SlowClient } from './support/slow-client.ts';

const LAST_BYTES = 64 * 1024;
/** Two places: one for an image that still comes in, one for those that are whole. */
const TWO_PLACES = { FERRY_UPLOAD__CONCURRENCY: '2', FERRY_POOL__SPARES: '0' };

let image: Uint8Array<ArrayBuffer>;
beforeAll(async () => {
  image = await largePng();
});

const slowClient = (ferry: Ferry): SlowClient =>
  new SlowClient(ferry.url, { image, filename: 'large.png', before: { prompt: 'x' } });

const uploadsOf = (ferry: Ferry): Promise<readonly LedgerEntry[]> => ferry.simulator.requests(UPLOADS);

/** Sends most of an image, and waits until the upstream has it. */
async function underWay(ferry: Ferry): Promise<SlowClient> {
  const client = slowClient(ferry);
  await client.sendUntil(image.byteLength - LAST_BYTES);
  const arrived = async (): Promise<boolean> =>
    (await uploadsOf(ferry)).some(
      ({ outcome, bytesReceived }) => outcome === 'open' && bytesReceived >= image.byteLength - LAST_BYTES,
    );
  expect(await eventually(arrived)).toBe(true);
  return client;
}

test('a client that goes away in the middle of a file that is being uploaded leaves nothing, and its place is free', async () => {
  await using ferry = await startFerry({ env: TWO_PLACES });
  for (let i = 0; i < 3; i++) {
    await ferry.simulator.reset();
    using client = await underWay(ferry);
    client.leave();
    expect(
      await eventually(async () =>
        (await uploadsOf(ferry)).every(({ outcome, bodyWhole }) => outcome === 'aborted' && !bodyWhole),
      ),
    ).toBe(true);
    expect(await eventually(async () => (await leftovers(ferry)).length === 0)).toBe(true);
    expect(await eventually(async () => (await ferry.simulator.openConnections()) === 0)).toBe(true);
  }
});

test('a client that stalls blocks nobody, loses its place, and is served when it goes on', async () => {
  await using ferry = await startFerry({ env: TWO_PLACES });
  using stalled = await underWay(ferry);
  const small = Array.from({ length: 4 }, () =>
    post(ferry.url, form({ prompt: 'x', image: [picture(), picture()] })),
  );
  expect((await Promise.all(small)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);

  // The place for images that come in is taken: the next one waits until it is whole, and has a place then.
  using second = slowClient(ferry);
  await second.sendUntil(image.byteLength - LAST_BYTES);
  const before = Date.now();
  second.finish();
  expect((await second.reply()).status).toBe(200);
  expect((await uploadsOf(ferry)).at(-1)?.at).toBeGreaterThanOrEqual(before);

  // The upload that stands still is given up, without an attempt counted and without a word to the client.
  expect(await eventually(async () => (await uploadsOf(ferry))[0]?.outcome === 'aborted')).toBe(true);
  stalled.finish();
  const reply = await stalled.reply();
  expect([reply.status, reply.body.uploads?.[0]?.attempts]).toEqual([200, 1]);
  expect((await uploadsOf(ferry)).at(-1)?.work?.file?.bytes).toBe(image.byteLength);
  expect(ferry.process.messages().filter((msg) => msg.startsWith('Upload failed'))).toEqual([]);
});

test('with cut_through = false an upload begins when its image is whole', async () => {
  await using ferry = await startFerry({ env: { FERRY_UPLOAD__CUT_THROUGH: 'false' } });
  using client = slowClient(ferry);
  await client.sendUntil(image.byteLength - LAST_BYTES);
  const before = Date.now();
  client.finish();
  expect((await client.reply()).status).toBe(200);
  const uploads = await uploadsOf(ferry);
  expect(uploads).toHaveLength(1);
  expect(uploads[0]?.at).toBeGreaterThanOrEqual(before);
});

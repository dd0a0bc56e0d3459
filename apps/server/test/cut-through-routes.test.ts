import { beforeAll, expect, test } from 'vitest';
import { eventually, FerryProcess, startFerry } from './support/ferry.ts';
import { largePng } from './support/form.ts';
import { EDITS, type SimulatorControl, UPLOADS } from './support/simulator-control.ts';
import { SlowClient } from './support/slow-client.ts';
import { Upstream } from './support/upstream.ts';

const LAST_BYTES = 64 * 1024;
/** Holds the answer to the first upload back, so that it is still running when the field comes. */
const HELD = { match: { path: UPLOADS }, fault: { kind: 'delay', ms: 60_000 } };

let image: Uint8Array<ArrayBuffer>;
beforeAll(async () => {
  image = await largePng();
});

/** Sends an image, then what is after it once the upstream has most of it. */
async function fieldsAfter(
  url: string,
  upstream: SimulatorControl,
  after: Readonly<Record<string, string>>,
): Promise<SlowClient> {
  const client = new SlowClient(url, { image, filename: 'large.png', after: { prompt: 'x', ...after } });
  await client.sendUntil(image.byteLength - LAST_BYTES);
  const arrived = async (): Promise<boolean> =>
    ((await upstream.requests(UPLOADS)).at(-1)?.bytesReceived ?? 0) >= image.byteLength - LAST_BYTES;
  expect(await eventually(arrived)).toBe(true);
  client.finish();
  return client;
}

test('a reuse_session after the image is obeyed: the upload begins again on the connection it asks for', async () => {
  await using ferry = await startFerry();
  await ferry.simulator.fault(HELD);
  using client = await fieldsAfter(ferry.url, ferry.simulator, { reuse_session: 'true' });
  const reply = await client.reply();
  expect([reply.status, reply.body.uploads?.[0]?.attempts]).toEqual([200, 1]);
  const uploads = await ferry.simulator.requests(UPLOADS);
  expect(uploads.map(({ outcome }) => outcome)).toEqual(['aborted', 'answered']);
  // Only a shared connection carries the edit after the upload.
  const [edit] = await ferry.simulator.requests(EDITS);
  expect(edit?.connectionId).toBe(uploads[1]?.connectionId);
  expect(uploads[0]?.connectionId).not.toBe(uploads[1]?.connectionId);
});

test('a reuse_session or a model after the image that changes nothing leaves the upload alone', async () => {
  await using ferry = await startFerry();
  using client = await fieldsAfter(ferry.url, ferry.simulator, {
    reuse_session: 'false',
    model: 'grok-imagine-image-2.0',
  });
  const reply = await client.reply();
  expect([reply.status, reply.body.model]).toEqual([200, 'grok-imagine-image-2.0']);
  expect(await ferry.simulator.requests(UPLOADS)).toHaveLength(1);
});

test('a model after the image that another upstream serves takes the image there', async () => {
  await using first = await Upstream.start('--key', 'key-one');
  await using second = await Upstream.start('--key', 'key-one');
  const provider = (name: string, model: string, upstream: Upstream): string =>
    [
      '[[provider]]',
      `name = "${name}"`,
      `base_url = "${upstream.url}"`,
      `models = ["${model}"]`,
      'keys = ["env:ONE"]',
      `ca_file = ${JSON.stringify(upstream.caFile)}`,
    ].join('\n');
  const toml = `${provider('first', 'grok-imagine-image', first)}\n${provider('second', 'grok-imagine-image-2.0', second)}\n`;
  await using process = await FerryProcess.spawn({ toml, env: { ONE: 'key-one' } });
  const { msg } = await process.line((line) => line.msg.startsWith('Ferry is ready: '));
  await first.control.fault(HELD);
  const url = new URL(msg.slice('Ferry is ready: '.length)).origin;
  using client = await fieldsAfter(url, first.control, { model: 'grok-imagine-image-2.0' });
  expect((await client.reply()).status).toBe(200);
  expect(
    await eventually(async () => (await first.control.requests(UPLOADS))[0]?.outcome === 'aborted'),
  ).toBe(true);
  expect(await first.control.requests(EDITS)).toEqual([]);
  expect((await second.control.requests(UPLOADS)).map(({ outcome }) => outcome)).toEqual(['answered']);
  expect(await second.control.requests(EDITS)).toHaveLength(1);
});

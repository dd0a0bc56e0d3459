import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually, type Ferry, leftovers, startFerry } from './support/ferry.ts';
import { largePng } from './support/form.ts';
import { EDITS, type LedgerEntry, UPLOADS } from './support/simulator-control.ts';
import { SlowClient, type SlowForm } from './support/slow-client.ts';

/** What the client keeps back until the upstream has what came before it. */
const LAST_BYTES = 64 * 1024;

let image: Uint8Array<ArrayBuffer>;
let ferry: Ferry;
beforeAll(async () => {
  image = await largePng();
  ferry = await startFerry({ env: { FERRY_RETRY__RETRY_BACKOFF_BASE: '0.01' } });
});
afterAll(() => ferry[Symbol.asyncDispose]());
beforeEach(() => ferry.simulator.reset());

const uploads = (): Promise<readonly LedgerEntry[]> => ferry.simulator.requests(UPLOADS);
const outcomes = async (): Promise<string[]> => (await uploads()).map(({ outcome }) => outcome);

const form = (more: Partial<SlowForm> = {}): SlowForm => ({
  image,
  filename: 'large.png',
  before: { prompt: 'x' },
  ...more,
});

/** Waits until the upstream has so many bytes of a running upload. */
async function upstreamHas(bytes: number, from: Ferry = ferry): Promise<void> {
  const arrived = async (): Promise<boolean> => {
    const last = (await from.simulator.requests(UPLOADS)).at(-1);
    return last?.outcome === 'open' && last.bytesReceived >= bytes;
  };
  expect(await eventually(arrived)).toBe(true);
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Sends all but the last bytes, and waits until the upstream has them. */
async function almostSent(client: SlowClient, from: Ferry = ferry): Promise<void> {
  await client.sendUntil(image.byteLength - LAST_BYTES);
  await upstreamHas(image.byteLength - LAST_BYTES, from);
}

describe.each(['undici', 'http1'])('over %s', (transport) => {
  test('the upstream has the image but for its end before the client has sent that', async () => {
    await using over = await startFerry({ env: { FERRY_UPLOAD__TRANSPORT: transport } });
    using client = new SlowClient(over.url, form());
    await almostSent(client, over);
    expect(await over.simulator.requests(EDITS)).toEqual([]);
    client.finish();
    const reply = await client.reply();
    expect([reply.status, reply.body.uploads?.[0]?.attempts]).toEqual([200, 1]);
    const [upload, ...others] = await over.simulator.requests(UPLOADS);
    expect(others).toEqual([]);
    expect(upload?.work?.file).toMatchObject({ sha256: sha256(image), bytes: image.byteLength });
  });
});

test('a data URI is decoded and uploaded while it still comes in', async () => {
  const text = Buffer.from(`data:image/png;base64,${Buffer.from(image).toString('base64')}`);
  using client = new SlowClient(ferry.url, { image: text, before: { prompt: 'x' } });
  await client.sendUntil(text.byteLength / 2);
  await upstreamHas(image.byteLength / 2 - LAST_BYTES);
  client.finish();
  expect((await client.reply()).status).toBe(200);
  expect((await uploads()).map(({ work }) => work?.file?.sha256)).toEqual([sha256(image)]);
});

test('an upload that is reset while the client still sends arrives on the second attempt', async () => {
  await ferry.simulator.fault({
    match: { path: UPLOADS },
    fault: { kind: 'rst', code: 'PROTOCOL_ERROR', when: 'middle', afterBytes: 1_000_000 },
  });
  using client = new SlowClient(ferry.url, form());
  await almostSent(client);
  expect(await outcomes()).toEqual(['faulted', 'open']);
  client.finish();
  const reply = await client.reply();
  expect([reply.status, reply.body.uploads?.[0]?.attempts]).toEqual([200, 2]);
  expect((await uploads())[1]?.work?.file?.sha256).toBe(sha256(image));
});

test('an upstream that answers before the image is whole is sent the whole image', async () => {
  await ferry.simulator.fault({
    match: { path: UPLOADS },
    fault: { kind: 'status', status: 200, when: 'early', body: JSON.stringify({ id: 'file-early' }) },
  });
  using client = new SlowClient(ferry.url, form());
  await client.sendUntil(image.byteLength - LAST_BYTES);
  expect(await eventually(async () => (await uploads())[0]?.status === 200)).toBe(true);
  client.finish();
  expect((await client.reply()).status).toBe(200);
  const all = await uploads();
  expect(all).toHaveLength(2);
  expect(all[1]?.work?.file?.sha256).toBe(sha256(image));
});

test('a damaged image is refused, its upload is broken off, and no edit begins', async () => {
  await ferry.simulator.fault({ match: { path: UPLOADS }, fault: { kind: 'delay', ms: 60_000 } });
  const damaged = image.subarray(0, image.byteLength - 1_000_000);
  using client = new SlowClient(ferry.url, form({ image: damaged }));
  await client.sendUntil(damaged.byteLength - LAST_BYTES);
  await upstreamHas(damaged.byteLength - LAST_BYTES);
  client.finish();
  const reply = await client.reply();
  expect([reply.status, reply.body.error?.code, reply.body.error?.param]).toEqual([
    400,
    'invalid_image',
    'image',
  ]);
  expect(await eventually(async () => (await outcomes()).join() === 'aborted')).toBe(true);
  expect(await ferry.simulator.requests(EDITS)).toEqual([]);
  expect(await leftovers(ferry)).toEqual([]);
});

test('a form that is refused for a field after its image breaks the upload off', async () => {
  using client = new SlowClient(ferry.url, form({ after: { n: '11' } }));
  await ferry.simulator.fault({ match: { path: UPLOADS }, fault: { kind: 'delay', ms: 60_000 } });
  await almostSent(client);
  client.finish();
  const reply = await client.reply();
  expect([reply.status, reply.body.error?.param]).toEqual([400, 'n']);
  expect(await eventually(async () => (await outcomes()).join() === 'aborted')).toBe(true);
  expect(await ferry.simulator.requests(EDITS)).toEqual([]);
});

test('a form that is refused for a field before its image uploads nothing', async () => {
  using client = new SlowClient(ferry.url, form({ before: { prompt: ' ' } }));
  client.finish();
  expect((await client.reply()).body.error?.param).toBe('prompt');
  expect(await uploads()).toEqual([]);
});

test('an image that is sent before its prompt is uploaded at once too', async () => {
  using client = new SlowClient(ferry.url, { image, filename: 'large.png', after: { prompt: 'x' } });
  await almostSent(client);
  client.finish();
  expect((await client.reply()).status).toBe(200);
  expect(await outcomes()).toEqual(['answered']);
});

test('listeners hear of the upload while the image comes in, and of the image when it is whole and checked', async () => {
  using client = new SlowClient(ferry.url, form({ headers: { accept: 'text/event-stream' } }));
  await almostSent(client);
  client.finish();
  const told = [...(await client.text()).matchAll(/^event: (\w+)\ndata: (.*)$/gm)].map(
    ([, event = '', data = '']) => ({ event, data: JSON.parse(data) as { readonly bytes?: number } }),
  );
  const first = (event: string): number => told.findIndex((one) => one.event === event);
  expect(first('upload')).toBeGreaterThan(first('accepted'));
  expect(first('image')).toBeGreaterThan(first('upload'));
  expect(first('edit')).toBeGreaterThan(first('image'));
  expect(told[first('image')]?.data.bytes).toBe(image.byteLength);
  expect(told.at(-1)?.event).toBe('result');
});

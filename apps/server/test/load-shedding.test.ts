import { once } from 'node:events';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually, type Ferry, FerryProcess, leftovers, startFerry } from './support/ferry.ts';
import { form, IMG2IMG, picture, post, type Reply } from './support/form.ts';
import { EDITS, UPLOADS } from './support/simulator-control.ts';
import { SlowClient } from './support/slow-client.ts';
import { Upstream } from './support/upstream.ts';

const small = (): FormData => form({ prompt: 'x', image: picture() });

const edits = async (ferry: Ferry): Promise<number> => (await ferry.simulator.requests(EDITS)).length;

/** Holds every edit for so long. */
const slowEdits = (ferry: Ferry, ms: number): Promise<void> =>
  ferry.simulator.fault({ match: { path: EDITS }, count: 'forever', fault: { kind: 'delay', ms } });

/** Posts the same small form from one of this machine's addresses: without a key, that is who a caller is. */
async function postFrom(ferry: Ferry, address: string): Promise<Pick<Reply, 'status'>> {
  const encoded = new Response(small());
  const { port } = new URL(ferry.url);
  const sending = request({
    host: '127.0.0.1',
    localAddress: address,
    port,
    path: IMG2IMG,
    method: 'POST',
    agent: false,
    headers: { 'content-type': encoded.headers.get('content-type') ?? '' },
  });
  sending.end(Buffer.from(await encoded.arrayBuffer()));
  const [response] = await once(sending, 'response');
  await text(response);
  return { status: response.statusCode };
}

describe('one place, one that waits', () => {
  let ferry: Ferry;
  beforeAll(async () => {
    ferry = await startFerry({ env: { FERRY_SERVER__MAX_REQUESTS: '1', FERRY_SERVER__MAX_QUEUE: '1' } });
  });
  afterAll(() => ferry[Symbol.asyncDispose]());
  beforeEach(() => ferry.simulator.reset());

  test('the second request waits for its turn, and the third is told when to come back', async () => {
    await slowEdits(ferry, 1_500);
    const first = post(ferry.url, small());
    expect(await eventually(async () => (await edits(ferry)) === 1)).toBe(true);
    const others = await Promise.all([post(ferry.url, small()), post(ferry.url, small())]);
    const refused = others.find(({ status }) => status === 503);
    expect(others.map(({ status }) => status).sort()).toEqual([200, 503]);
    expect(refused?.body.error?.code).toBe('overloaded');
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect((await first).status).toBe(200);
    expect(await edits(ferry)).toBe(2);
    expect((await post(ferry.url, small())).status).toBe(200);
  });
});

describe('one place, and no line', () => {
  let ferry: Ferry;
  beforeAll(async () => {
    ferry = await startFerry({ env: { FERRY_SERVER__MAX_REQUESTS: '1', FERRY_SERVER__MAX_QUEUE: '0' } });
  });
  afterAll(() => ferry[Symbol.asyncDispose]());
  beforeEach(() => ferry.simulator.reset());

  test('a client in the middle of a large body reads its 503, and nothing of the body is kept', async () => {
    await slowEdits(ferry, 3_000);
    const served = post(ferry.url, small());
    expect(await eventually(async () => (await edits(ferry)) === 1)).toBe(true);
    const image = new Uint8Array(12 * 1024 * 1024);
    using client = new SlowClient(ferry.url, { image, filename: 'a.png', before: { prompt: 'x' } });
    await client.sendUntil(8 * 1024 * 1024);
    expect(await leftovers(ferry)).toEqual([]);
    client.finish();
    const reply = await client.reply();
    expect([reply.status, reply.body.error?.code]).toEqual([503, 'overloaded']);
    expect((await served).status).toBe(200);
  });

  test('a client that asks before it sends is never told to go on with a request that is refused', async () => {
    await slowEdits(ferry, 2_000);
    const served = post(ferry.url, small());
    expect(await eventually(async () => (await edits(ferry)) === 1)).toBe(true);
    const answers: string[] = [];
    const asking = request(`${ferry.url}${IMG2IMG}`, {
      method: 'POST',
      agent: false,
      headers: {
        expect: '100-continue',
        'content-length': 20_000_000,
        'content-type': 'multipart/form-data; boundary=b',
      },
    });
    asking.on('continue', () => answers.push('continue'));
    asking.flushHeaders();
    const [response] = await once(asking, 'response');
    answers.push(String(response.statusCode));
    asking.destroy();
    expect(answers).toEqual(['503']);
    expect((await served).status).toBe(200);
  });
});

test('a client that asks before it sends is told to go on when its request is read', async () => {
  await using ferry = await startFerry();
  using client = new SlowClient(ferry.url, {
    image: new Uint8Array(await picture().arrayBuffer()),
    filename: 'rocket.jpg',
    before: { prompt: 'x' },
    headers: { expect: '100-continue' },
  });
  await client.continued();
  client.finish();
  expect((await client.reply()).status).toBe(200);
});

test('a request that waits too long for its turn is told to come back, and was never read', async () => {
  await using ferry = await startFerry({
    env: { FERRY_SERVER__MAX_REQUESTS: '1', FERRY_SERVER__MAX_QUEUE_MS: '200' },
  });
  await slowEdits(ferry, 1_500);
  const first = post(ferry.url, small());
  expect(await eventually(async () => (await edits(ferry)) === 1)).toBe(true);
  const second = await post(ferry.url, small());
  expect([second.status, second.body.error?.code]).toEqual([503, 'overloaded']);
  expect((await first).status).toBe(200);
  expect(await ferry.simulator.requests(UPLOADS)).toHaveLength(1);
});

test('a caller with many requests keeps no other caller from its turn', async () => {
  await using ferry = await startFerry({
    env: { FERRY_SERVER__MAX_REQUESTS: '1', FERRY_SERVER__MAX_QUEUE: '6' },
  });
  await slowEdits(ferry, 300);
  const finished: string[] = [];
  const from = async (address: string): Promise<number> => {
    const { status } = await postFrom(ferry, address);
    finished.push(`${address} ${status}`);
    return status;
  };
  const busy = [from('127.0.0.1')];
  expect(await eventually(async () => (await edits(ferry)) === 1)).toBe(true);
  for (let i = 0; i < 7; i++) busy.push(from('127.0.0.1'));
  // The line is full of one caller: its newest is turned away for the first of another.
  expect(await eventually(() => finished.length === 1)).toBe(true);
  expect(finished).toEqual(['127.0.0.1 503']);
  const quiet = await from('127.0.0.2');
  expect(quiet).toBe(200);
  const before = finished.slice(0, -1).filter((one) => one === '127.0.0.1 200').length;
  expect(before).toBeLessThanOrEqual(2);
  const statuses = await Promise.all(busy);
  expect(statuses.filter((status) => status === 503)).toHaveLength(2);
  expect(statuses.filter((status) => status === 200)).toHaveLength(6);
});

test('a provider is asked for no more at once than it allows, and what it cannot take is 503', async () => {
  await using upstream = await Upstream.start();
  await using gateway = await FerryProcess.spawn({
    env: { KEY: 'any' },
    toml: `
      [server]
      max_queue = 2
      [[provider]]
      name = "mine"
      base_url = "${upstream.url}"
      models = ["grok-imagine-image"]
      keys = ["env:KEY"]
      ca_file = "${upstream.caFile}"
      concurrency = 2`,
  });
  const { msg } = await gateway.line((line) => line.msg.startsWith('Ferry is ready: '));
  const { origin } = new URL(msg.slice('Ferry is ready: '.length));
  await upstream.control.fault({
    match: { path: UPLOADS },
    count: 'forever',
    fault: { kind: 'delay', ms: 500 },
  });
  let most = 0;
  let done = false;
  const watching = eventually(async () => {
    const all = [...(await upstream.control.requests(UPLOADS)), ...(await upstream.control.requests(EDITS))];
    most = Math.max(most, all.filter(({ outcome }) => outcome === 'open').length);
    return done;
  }, 25_000);
  const replies = await Promise.all(Array.from({ length: 8 }, () => post(origin, small())));
  done = true;
  await watching;
  const refused = replies.filter(({ status }) => status === 503);
  expect(refused.length).toBeGreaterThanOrEqual(1);
  expect(replies.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(4);
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200, 503]));
  expect(refused[0]?.body.error?.code).toBe('overloaded');
  expect(most).toBe(2);
  expect((await post(origin, small())).status).toBe(200);
});

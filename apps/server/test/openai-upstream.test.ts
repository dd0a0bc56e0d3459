import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Server } from 'node:net';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FerryProcess, leftovers, peakMemory } from './support/ferry.ts';
import {
  bytesOf,
  form,
  IMG2IMG,
  largePng,
  picture,
  post,
  type Reply,
  ROCKET,
  smallPng,
  TRUNCATED,
} from './support/form.ts';
import { EDITS } from './support/simulator-control.ts';
import { Upstream } from './support/upstream.ts';

const MIB = 1024 * 1024;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

let upstream: Upstream;
beforeAll(async () => {
  upstream = await Upstream.start('--shape', 'openai', '--key', 'key-one', '--key', 'key-two');
});
afterAll(() => upstream[Symbol.asyncDispose]());
beforeEach(() => upstream.control.reset());

interface Gateway extends AsyncDisposable {
  readonly process: FerryProcess;
  readonly url: string;
}

interface Wanted {
  readonly baseUrl?: string;
  readonly transport?: string;
  readonly keys?: readonly string[];
}

async function started({
  baseUrl = upstream.url,
  transport = 'auto',
  keys = ['env:ONE'],
}: Wanted = {}): Promise<Gateway> {
  const process = await FerryProcess.spawn({
    toml: [
      '[[provider]]',
      'name = "oai"',
      'type = "openai"',
      `base_url = "${baseUrl}"`,
      'models = ["gpt-image-1", "dall-e-2"]',
      `keys = ${JSON.stringify(keys)}`,
      `ca_file = ${JSON.stringify(upstream.caFile)}`,
      '[upload]',
      `transport = "${transport}"`,
      '[pool]',
      'spares = 0',
      '[retry]',
      'retry_backoff_base = 0.01',
    ].join('\n'),
    env: { ONE: 'key-one', TWO: 'key-two' },
  });
  const { msg } = await process.line((line) => line.msg.startsWith('Ferry is ready: '));
  const url = new URL(msg.slice('Ferry is ready: '.length)).origin;
  return { process, url, [Symbol.asyncDispose]: () => process[Symbol.asyncDispose]() };
}

const edit = (url: string, fields: Parameters<typeof form>[0] = {}): Promise<Reply> =>
  post(url, form({ prompt: 'sepia', image: picture(), ...fields }));

const fault = (how: object): Promise<void> => upstream.control.fault({ match: { path: EDITS }, ...how });

const billed = async (): Promise<number> =>
  (await upstream.control.requests('/')).reduce((sum, { work }) => sum + (work?.images ?? 0), 0);

describe.each(['undici', 'http1'])('over %s', (transport) => {
  const protocol = transport === 'undici' ? 'h2' : 'http/1.1';
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await started({ transport });
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  test('an image travels inside the edit, which is the only request, and the answer says so', async () => {
    const reply = await edit(gateway.url, { response_format: 'b64_json' });
    expect(reply.status).toBe(200);
    const image = Buffer.from(reply.body.data?.[0]?.b64_json ?? '', 'base64');
    expect(await sharp(image).metadata()).toMatchObject({ format: 'jpeg', width: 640 });
    const requests = await upstream.control.requests('/');
    expect(requests.map(({ path }) => path)).toEqual([EDITS]);
    const [request] = requests;
    const sent = picture();
    expect(request).toMatchObject({ protocol, bodyWhole: true, status: 200 });
    expect(request?.work).toEqual({
      images: 1,
      inputs: [{ bytes: sent.size, sha256: sha256(new Uint8Array(await sent.arrayBuffer())) }],
    });
    expect(reply.body.uploads).toEqual([
      {
        filename: 'rocket.jpg',
        delivery: 'inline',
        file_id: null,
        file_uri: null,
        bytes: sent.size,
        attempts: 1,
        connection: { id: expect.any(String), protocol, reused: false, origin: 'fresh' },
        duration_ms: expect.any(Number),
        upstream_ms: expect.any(Number),
      },
    ]);
  });

  test('several images arrive in their order and give n variants, as links of the gateway’s own', async () => {
    const [large, small] = [await largePng(), await smallPng()];
    const images = [picture(large, 'large.png'), picture(small, 'small.png'), picture()];
    const reply = await edit(gateway.url, { image: images, n: '3', model: 'dall-e-2' });
    expect([reply.status, reply.body.data?.length]).toEqual([200, 3]);
    const links = reply.body.data?.map(({ url }) => url ?? '') ?? [];
    expect(new Set(links).size).toBe(3);
    expect((await fetch(links[0] ?? '')).headers.get('content-type')).toBe('image/jpeg');
    const [request] = await upstream.control.requests(EDITS);
    expect(request?.work?.images).toBe(3);
    expect(request?.work?.inputs?.map((input) => input.sha256)).toEqual(
      [large, small, bytesOf(ROCKET)].map(sha256),
    );
    expect(new Set(reply.body.uploads?.map(({ connection }) => connection.id)).size).toBe(1);
  });

  test('a reset in the middle of the request is not repeated: nobody knows what the upstream did', async () => {
    await fault({ fault: { kind: 'destroy', how: 'rst', when: 'middle' } });
    const reply = await edit(gateway.url, { image: picture(await largePng(), 'large.png') });
    expect([reply.status, reply.body.error?.code]).toEqual([502, 'upstream_unknown_outcome']);
    expect(reply.headers.get('x-should-retry')).toBe('false');
    expect(reply.body.attempts).toHaveLength(1);
    expect(await upstream.control.requests(EDITS)).toHaveLength(1);
    expect(await billed()).toBe(0);
  });

  test('an edit whose answer is lost is billed once', async () => {
    await fault({ fault: { kind: 'destroy', how: 'rst', when: 'after-body' } });
    const reply = await edit(gateway.url);
    expect([reply.status, reply.body.error?.code]).toEqual([502, 'upstream_unknown_outcome']);
    expect(await upstream.control.requests(EDITS)).toHaveLength(1);
    expect(await billed()).toBe(1);
  });

  test('a connection that is refused costs an attempt and no money', async () => {
    await using door = await refusingFirst(new URL(upstream.url));
    await using behind = await started({ transport, baseUrl: `https://127.0.0.1:${door.port}` });
    const reply = await edit(behind.url);
    expect(reply.status).toBe(200);
    expect(reply.body.attempts).toBe(2);
    expect(reply.body.uploads?.[0]?.attempts).toBe(2);
    expect(await upstream.control.requests(EDITS)).toHaveLength(1);
    expect(await billed()).toBe(1);
  });
});

describe('what the upstream says', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await started();
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  test('moderation is a 400 of its own', async () => {
    const reply = await edit(gateway.url, { prompt: 'blocked content' });
    expect([reply.status, reply.body.error?.code]).toEqual([400, 'content_blocked']);
    expect(await billed()).toBe(0);
  });

  test('a refusal keeps its status and its words', async () => {
    const error = {
      message: 'Invalid size.',
      type: 'invalid_request_error',
      param: 'size',
      code: 'invalid_value',
    };
    const body = JSON.stringify({ error });
    await fault({ fault: { kind: 'status', status: 400, body, when: 'after-body' } });
    const reply = await edit(gateway.url);
    expect([reply.status, reply.body.error?.code]).toEqual([400, 'upstream_rejected']);
    expect(reply.body.error?.message).toContain('Invalid size.');
  });

  test('a result behind a link is fetched only from the public internet, and was paid for all the same', async () => {
    const body = JSON.stringify({ data: [{ url: `${upstream.url}/v1/images/a.jpg` }] });
    await fault({ fault: { kind: 'status', status: 200, body, when: 'after-body' } });
    const reply = await edit(gateway.url, { model: 'dall-e-2' });
    expect([reply.status, reply.body.error?.code]).toEqual([502, 'upstream_bad_answer']);
    expect(reply.headers.get('x-should-retry')).toBe('false');
    expect((await upstream.control.requests('/')).map(({ path }) => path)).toEqual([EDITS]);
  });

  test('of several results the ones that can be had are delivered, and in the place of one that cannot stands why', async () => {
    const picture = Buffer.from(bytesOf(ROCKET)).toString('base64');
    // A name that no resolver knows (RFC 6761 section 6.4).
    const gone = 'https://results.invalid/2.jpg?signature=1';
    const inside = `${upstream.url}/v1/images/a.jpg`;
    const body = JSON.stringify({ data: [{ b64_json: picture }, { url: gone }, { url: inside }] });
    await fault({ fault: { kind: 'status', status: 200, body, when: 'after-body' } });
    const reply = await edit(gateway.url, { model: 'dall-e-2', n: '3' });
    expect(reply.status).toBe(200);
    const [first, second, third] = reply.body.data ?? [];
    expect(sha256(new Uint8Array(await (await fetch(first?.url ?? '')).arrayBuffer()))).toBe(
      sha256(bytesOf(ROCKET)),
    );
    expect(second).toEqual({
      url: gone,
      error: expect.stringContaining('cannot be fetched: results.invalid'),
    });
    // Nobody outside can follow that one.
    expect(third).toEqual({ error: expect.stringContaining('not an address of the public internet') });
    expect(await upstream.control.requests(EDITS)).toHaveLength(1);
  });

  test('when no result can be had the error names the links of what was paid for', async () => {
    const gone = 'https://results.invalid/1.jpg?signature=1';
    await fault({
      fault: {
        kind: 'status',
        status: 200,
        body: JSON.stringify({ data: [{ url: gone }] }),
        when: 'after-body',
      },
    });
    const reply = await edit(gateway.url, { model: 'dall-e-2' });
    expect([reply.status, reply.body.error?.code]).toEqual([502, 'upstream_bad_answer']);
    expect(reply.headers.get('x-should-retry')).toBe('false');
    expect(reply.body.links).toEqual([gone]);
  });

  test('a 500 is not repeated', async () => {
    await fault({ fault: { kind: 'status', status: 500, when: 'after-body' } });
    const reply = await edit(gateway.url);
    expect([reply.status, reply.headers.get('x-should-retry')]).toEqual([502, 'false']);
    expect(await upstream.control.requests(EDITS)).toHaveLength(1);
  });

  test('an image that is cut short, or one too many, is refused before anything is sent', async () => {
    const truncated = await edit(gateway.url, { image: picture(bytesOf(TRUNCATED), 'cut.jpg') });
    expect([truncated.status, truncated.body.error?.code]).toEqual([400, 'invalid_image']);
    const whole = await largePng();
    const late = picture(whole.slice(0, whole.byteLength - 1_000), 'late.png');
    const large = await edit(gateway.url, { image: [late, picture()] });
    expect([large.status, large.body.error?.code]).toEqual([400, 'invalid_image']);
    const many = await edit(gateway.url, { image: Array.from({ length: 17 }, () => picture()) });
    expect([many.status, many.body.error?.code]).toEqual([400, 'too_many_images']);
    expect(await upstream.control.requests('/')).toEqual([]);
  });

  test('progress and the last edits tell that the images are inside the edit', async () => {
    const response = await fetch(`${gateway.url}${IMG2IMG}`, {
      method: 'POST',
      body: form({ prompt: 'x', image: [picture(), picture()] }),
      headers: { accept: 'text/event-stream' },
    });
    const events = [...(await response.text()).matchAll(/^event: (\S+)\ndata: (.*)$/gm)].map(
      ([, event, data]) => ({ event, data: JSON.parse(data ?? '') }),
    );
    const { size } = picture();
    expect(events.filter(({ event }) => event === 'upload').map(({ data }) => data)).toEqual(
      [0, 1].map((index) => ({ index, filename: 'rocket.jpg', type: 'inside_edit', bytes: size })),
    );
    expect(events.at(-1)?.event).toBe('result');
    const list = async (operation: string) => {
      const answer = await fetch(`${gateway.url}/api/v1/admin/uploads?operation=${operation}`);
      return ((await answer.json()) as { data: { images_inside: object | null; bytes: number }[] }).data;
    };
    expect(await list('upload')).toEqual([]);
    const [last] = await list('edit');
    expect(last?.images_inside).toEqual({ count: 2, bytes: 2 * size });
    expect(last?.bytes).toBeGreaterThan(2 * size);
  });

  test('24 images of 20 MB at once go through while the gateway stays under 400 MB', async () => {
    const side = 2640;
    const raw = Buffer.alloc(side * side * 3);
    for (let at = 0; at + 4 <= raw.byteLength; at += 4)
      raw.writeUInt32LE(Math.imul(at, 2_654_435_761) >>> 0, at);
    const png = await sharp(raw, { raw: { width: side, height: side, channels: 3 } })
      .png({ compressionLevel: 0 })
      .toBuffer();
    expect(png.byteLength).toBeGreaterThan(19.9 * MIB);
    // The sending is what is measured: the edits themselves answer at once, with a small picture.
    const body = JSON.stringify({ data: [{ b64_json: Buffer.from(await smallPng()).toString('base64') }] });
    await fault({ count: 'forever', fault: { kind: 'status', status: 200, body, when: 'after-body' } });
    const image = picture(new Uint8Array(png), 'large.png');
    const replies = await Promise.all(Array.from({ length: 24 }, () => edit(gateway.url, { image })));
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
    const requests = await upstream.control.requests(EDITS);
    expect(requests.map(({ bodyWhole }) => bodyWhole)).toEqual(replies.map(() => true));
    expect(Math.min(...requests.map(({ bytesReceived }) => bytesReceived))).toBeGreaterThan(png.byteLength);
    expect(peakMemory(gateway.process.pid)).toBeLessThan(400 * MIB);
    expect(await leftovers(gateway)).toEqual([]);
  }, 180_000);
});

test('a key that is limited is left for another, and the images go again with it', async () => {
  await using gateway = await started({ keys: ['env:ONE', 'env:TWO'] });
  const headers = { 'retry-after': '600' };
  await fault({ fault: { kind: 'status', status: 429, headers, when: 'after-body' } });
  const reply = await edit(gateway.url);
  expect(reply.status).toBe(200);
  const requests = await upstream.control.requests(EDITS);
  expect(requests.map(({ status }) => status)).toEqual([429, 200]);
  expect(new Set(requests.map(({ keyAlias }) => keyAlias)).size).toBe(2);
  expect(reply.body.uploads?.[0]?.attempts).toBe(2);
  expect(await billed()).toBe(1);
});

test('an upstream below a path gets its key, the length of the form, and no chunks', async () => {
  const seen: { url: string | undefined; headers: IncomingHttpHeaders; bytes: number }[] = [];
  const answer = JSON.stringify({ data: [{ b64_json: Buffer.from(await smallPng()).toString('base64') }] });
  const server = createServer((request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength;
    });
    request.on('end', () => {
      seen.push({ url: request.url, headers: request.headers, bytes });
      response.setHeader('content-type', 'application/json').end(answer);
    });
  });
  await using _ = await listening(server);
  const { port } = server.address() as AddressInfo;
  await using gateway = await started({ transport: 'http1', baseUrl: `http://127.0.0.1:${port}/openai/v1/` });
  const reply = await edit(gateway.url, { image: picture(await largePng(), 'large.png') });
  expect(reply.status).toBe(200);
  expect(seen.map(({ url }) => url)).toEqual(['/openai/v1/images/edits']);
  const [request] = seen;
  expect(request?.headers).toMatchObject({
    authorization: 'Bearer key-one',
    'content-length': String(request?.bytes),
  });
  expect(request?.headers).not.toHaveProperty('transfer-encoding');
});

async function listening(server: Server): Promise<AsyncDisposable> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}

/** A way to `target` whose first connection is reset before TLS begins. */
async function refusingFirst(target: URL): Promise<AsyncDisposable & { readonly port: number }> {
  let first = true;
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    if (first) {
      first = false;
      socket.resetAndDestroy();
      return;
    }
    const on = connect(Number(target.port), target.hostname);
    on.on('error', () => socket.destroy());
    socket.on('close', () => on.destroy());
    on.on('close', () => socket.destroy());
    socket.pipe(on).pipe(socket);
  });
  const open = await listening(server);
  const { port } = server.address() as AddressInfo;
  return { port, [Symbol.asyncDispose]: () => open[Symbol.asyncDispose]() };
}

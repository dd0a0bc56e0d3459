import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyAlias } from './api/key-alias.ts';
import { createSimulator, type Simulator, type SimulatorOptions } from './simulator.ts';
import { type Client, editOf, h1Client, h2Client, jsonOf, type Seen, uploadOf } from './testing/client.ts';
import { ROCKET_BYTES } from './testing/samples.ts';

const open: { close(): Promise<void> }[] = [];

async function start(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await createSimulator({
    ...options,
    onInternalError: (error) => {
      throw error;
    },
  });
  open.push(simulator);
  return simulator;
}

function connected<T extends Client>(client: T): T {
  open.push(client);
  return client;
}

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function uploaded(client: Client): Promise<string> {
  const seen = await client.send(uploadOf(ROCKET_BYTES));
  expect(seen.status).toBe(200);
  return (jsonOf(seen) as { id: string }).id;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe.each([
  ['HTTP/2', 'h2', h2Client],
  ['HTTP/1.1', 'http/1.1', h1Client],
] as const)('over %s', (_name, protocol, connect) => {
  let simulator: Simulator;
  let client: Client;
  beforeEach(async () => {
    simulator = await start();
    client = connected(connect(simulator));
  });

  it('an uploaded photograph is kept, described, given back and deleted', async () => {
    const sent = await client.send(
      uploadOf(ROCKET_BYTES, {
        filename: 'rocket.jpg',
        fields: { purpose: 'vision', expires_after: '3600' },
      }),
    );
    expect(sent.status).toBe(200);
    expect(sent.headers['x-made-by']).toBe('ferry-upstream-sim');
    const file = jsonOf(sent) as { id: string; created_at: number; expires_at: number };
    expect(file).toMatchObject({
      object: 'file',
      bytes: ROCKET_BYTES.byteLength,
      filename: 'rocket.jpg',
      purpose: 'vision',
      status: 'processed',
    });
    expect(file.expires_at - file.created_at).toBe(3600);
    expect(jsonOf(await client.send({ path: `/v1/files/${file.id}` }))).toEqual(file);
    expect(sha256((await client.send({ path: `/v1/files/${file.id}/content` })).body)).toBe(
      sha256(ROCKET_BYTES),
    );
    expect((await client.send({ method: 'DELETE', path: `/v1/files/${file.id}` })).status).toBe(200);
    expect((await client.send({ path: `/v1/files/${file.id}` })).status).toBe(404);
  });

  it('an edit of an uploaded photograph gives links to real pictures', async () => {
    const id = await uploaded(client);
    const seen = await client.send(editOf({ image: { file_id: id }, n: 2 }));
    expect(seen.status).toBe(200);
    const answer = jsonOf(seen) as {
      simulated: boolean;
      data: { url: string; mime_type: string; revised_prompt: string }[];
    };
    expect(answer).toMatchObject({ simulated: true, usage: { input_images: 1, output_images: 2 } });
    expect(answer.data).toHaveLength(2);
    for (const { url, mime_type, revised_prompt } of answer.data) {
      expect(url.startsWith(`${simulator.url}/v1/images/`)).toBe(true);
      expect(mime_type).toBe('image/jpeg');
      expect(revised_prompt).toBe('[simulated: grayscale] black and white');
      const picture = await client.send({ path: new URL(url).pathname, headers: { authorization: '' } });
      expect(picture.headers['content-type']).toBe('image/jpeg');
      expect(await sharp(picture.body).metadata()).toMatchObject({ format: 'jpeg', width: 640, height: 427 });
    }
  });

  it('an upload of 5 MB arrives byte for byte', async () => {
    const bytes = Buffer.alloc(5 * 1024 * 1024, 'ferry');
    const sent = uploadOf(bytes);
    expect((await client.send(sent)).status).toBe(200);
    const [entry] = await simulator.ledger.settled();
    expect(entry).toMatchObject({
      method: 'POST',
      path: '/v1/files',
      protocol,
      connectionId: 'c1',
      connectionUse: 1,
      keyAlias: keyAlias('test-key'),
      outcome: 'answered',
      status: 200,
      bytesReceived: sent.body?.byteLength,
      bodyWhole: true,
      bodyWholeAt: expect.any(Number),
      bodySha256: sha256(sent.body ?? bytes),
      work: { file: { bytes: bytes.byteLength, sha256: sha256(bytes) } },
    });
    expect(entry?.fault).toBeUndefined();
    expect(JSON.stringify(entry)).not.toContain('test-key');
  });

  it('a connection serves request after request, refused ones among them', async () => {
    await uploaded(client);
    expect(
      (await client.send({ ...uploadOf(ROCKET_BYTES), headers: { 'content-type': 'text/plain' } })).status,
    ).toBe(415);
    await uploaded(client);
    expect(simulator.connections()).toEqual({ opened: 1, open: 1 });
    expect((await simulator.ledger.settled()).map(({ connectionUse }) => connectionUse)).toEqual([1, 2, 3]);
  });

  it('a file above the limit is refused with 413 while it is still being sent', async () => {
    const small = await start({ limits: { maxFileBytes: 100_000 } });
    const other = connected(connect(small));
    for (const bytes of [200_000, 3_000_000]) {
      const seen = await other.send(uploadOf(Buffer.alloc(bytes)));
      expect(seen.status).toBe(413);
      expect(jsonOf(seen)).toMatchObject({ code: 'file_too_large' });
    }
    expect((await other.send(uploadOf(Buffer.alloc(100_000)))).status).toBe(200);
  });

  it('the client goes away in the middle of an upload: the ledger says so and nothing was done', async () => {
    const slow = uploadOf(Buffer.alloc(20_000_000));
    simulator.faults.add({ fault: { kind: 'slow-read', bytesPerSecond: 1_000_000 } });
    const sending = client.send(slow);
    await simulator.ledger.waitUntil((entries) => entries.length === 1);
    await client.close();
    await sending;
    const [entry] = await simulator.ledger.settled();
    expect(entry).toMatchObject({ outcome: 'aborted', bodyWhole: false });
    expect(entry?.work).toBeUndefined();
    expect(entry?.status).toBeUndefined();
  });
});

describe('what the API refuses', () => {
  let simulator: Simulator;
  let client: Client;
  let fileId: string;
  beforeEach(async () => {
    simulator = await start({ keys: ['test-key', 'other-key'] });
    client = connected(h2Client(simulator));
    fileId = await uploaded(client);
  });
  const upload = (change: Parameters<typeof uploadOf>[1], bytes: Uint8Array = ROCKET_BYTES): Promise<Seen> =>
    client.send(uploadOf(bytes, change));
  const edit = (json: object): Promise<Seen> => client.send(editOf({ image: { file_id: fileId }, ...json }));

  it.each([
    ['no key', ''],
    ['another scheme', 'Basic dGVzdA=='],
    ['an unknown key', 'Bearer nobody'],
  ])('401 for %s, without repeating it', async (_name, authorization) => {
    const seen = await client.send({ path: '/v1/models', headers: { authorization } });
    expect(seen.status).toBe(401);
    expect(jsonOf(seen)).toMatchObject({ code: expect.any(String), error: expect.any(String) });
    expect(seen.body.toString()).not.toContain('nobody');
  });

  it('404 for a file of another key', async () => {
    const headers = { authorization: 'Bearer other-key' };
    expect((await client.send({ path: `/v1/files/${fileId}`, headers })).status).toBe(404);
    const seen = await client.send({
      ...editOf({ image: { file_id: fileId } }),
      headers: { ...headers, 'content-type': 'application/json' },
    });
    expect(seen.status).toBe(404);
    expect(jsonOf(seen)).toMatchObject({ error: { code: 'file_not_found', param: 'image.file_id' } });
  });

  it('400 for an upload without purpose, with a bad expiry, without a file, with an empty file', async () => {
    expect(jsonOf(await upload({ fields: {} }))).toMatchObject({ error: expect.stringContaining('purpose') });
    expect((await upload({ fields: { purpose: 'vision', expires_after: '12' } })).status).toBe(400);
    expect((await upload({}, Buffer.alloc(0))).status).toBe(400);
    const boundary = { 'content-type': 'multipart/form-data; boundary=b' };
    const empty = Buffer.from(
      '--b\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nvision\r\n--b--\r\n',
    );
    expect(
      (await client.send({ method: 'POST', path: '/v1/files', headers: boundary, body: empty })).status,
    ).toBe(400);
    const broken = await client.send({
      method: 'POST',
      path: '/v1/files',
      headers: boundary,
      body: Buffer.from('--b\r\nnonsense'),
    });
    expect(broken.status).toBe(400);
  });

  it('415 for an edit by multipart: xAI takes JSON only', async () => {
    expect((await client.send({ ...uploadOf(ROCKET_BYTES), path: '/v1/images/edits' })).status).toBe(415);
  });

  it.each([
    ['prompt', { prompt: ' ' }],
    ['prompt', { prompt: 7 }],
    ['n', { n: 11 }],
    ['n', { n: 0 }],
    ['response_format', { response_format: 'png' }],
    ['aspect_ratio', { aspect_ratio: '5:1' }],
    ['size', { size: '1024x1024' }],
    ['mask', { mask: {} }],
    ['image', { image: undefined }],
    ['image', { image: {} }],
    ['image.url', { image: { url: 'https://example.com/a.jpg', type: 'image_url' } }],
    ['image.url', { image: { url: 'data:image/png;base64,bm90IGFuIGltYWdl' } }],
    ['images', { image: undefined, images: Array.from({ length: 4 }, () => ({ file_id: 'a' })) }],
  ])('400 that names %s for %j', async (param, json) => {
    const seen = await edit(json);
    expect(seen.status).toBe(400);
    expect(jsonOf(seen)).toMatchObject({
      error: { type: 'invalid_request_error', param, message: expect.any(String) },
    });
  });

  it('404 for an unknown file, model, image and endpoint', async () => {
    expect(jsonOf(await edit({ image: { file_id: 'file-none' } }))).toMatchObject({
      error: { code: 'file_not_found' },
    });
    expect(jsonOf(await edit({ model: 'grok-imagine-1.0-edit' }))).toMatchObject({
      error: { code: 'model_not_found' },
    });
    expect((await client.send({ path: '/v1/images/none.jpg' })).status).toBe(404);
    expect((await client.send({ path: '/v1/chat' })).status).toBe(404);
  });

  it('400 for JSON that is none', async () => {
    const seen = await client.send({ ...editOf({}), body: Buffer.from('{') });
    expect(seen.status).toBe(400);
  });

  it('a blocked prompt is answered with respect_moderation false and no image', async () => {
    const seen = await edit({ prompt: 'some blocked content', n: 2 });
    expect(jsonOf(seen)).toMatchObject({
      data: [{ respect_moderation: false }, { respect_moderation: false }],
    });
    expect(seen.body.toString()).not.toContain('"url"');
  });
});

describe('edits', () => {
  it('take data URIs, several images, links to earlier results, and answer in base64', async () => {
    const client = connected(h2Client(await start()));
    const id = await uploaded(client);
    const dataUri = `data:image/jpeg;base64,${Buffer.from(ROCKET_BYTES).toString('base64')}`;
    const two = jsonOf(
      await client.send(editOf({ images: [{ file_id: id }, { url: dataUri, type: 'image_url' }] })),
    ) as {
      data: { url: string }[];
    };
    const again = await client.send(
      editOf({ image: { url: two.data[0]?.url }, response_format: 'b64_json', resolution: '1k' }),
    );
    const [picture] = (jsonOf(again) as { data: { b64_json: string }[] }).data;
    expect(await sharp(Buffer.from(picture?.b64_json ?? '', 'base64')).metadata()).toMatchObject({
      width: 1024,
    });
  });

  it('count in the ledger as images made', async () => {
    const simulator = await start();
    const client = connected(h2Client(simulator));
    const id = await uploaded(client);
    await client.send(editOf({ image: { file_id: id }, n: 3, prompt: 'mirror' }));
    const [entry] = (await simulator.ledger.settled()).filter(({ path }) => path === '/v1/images/edits');
    expect(entry?.work).toEqual({ images: 3, sources: [id] });
  });

  it('of an expired file are refused', async () => {
    let now = Date.now();
    const client = connected(h2Client(await start({ now: () => now })));
    const id = await uploaded(client);
    now += 3_600_001;
    expect((await client.send(editOf({ image: { file_id: id } }))).status).toBe(404);
  });
});

describe('the server', () => {
  it('offers only the protocols it was asked for', async () => {
    const h1 = await start({ protocols: 'http1' });
    expect((await connected(h1Client(h1)).send({ path: '/v1/models' })).status).toBe(200);
    expect((await connected(h2Client(h1)).send({ path: '/v1/models' })).status).toBeUndefined();
    const h2 = await start({ protocols: 'h2' });
    expect((await connected(h2Client(h2)).send({ path: '/v1/models' })).status).toBe(200);
    // What Node answers a client that does not speak h2.
    expect((await connected(h1Client(h2)).send({ path: '/v1/models' })).status).toBe(403);
  });

  it('is trusted by its authority under each loopback name, and by nothing else', async () => {
    const simulator = await start();
    const url = simulator.url.replace('127.0.0.1', 'localhost');
    expect(
      (await connected(h1Client({ url, caPem: simulator.caPem })).send({ path: '/v1/models' })).status,
    ).toBe(200);
    const stranger = await start();
    const wrong = connected(h1Client({ url: simulator.url, caPem: stranger.caPem }));
    expect((await wrong.send({ path: '/v1/models' })).error).toMatch(/CERT|SIGNATURE|VERIFY/);
  });

  it('gives HTTP/2 uploads a window of a megabyte', async () => {
    const { session } = connected(h2Client(await start()));
    await new Promise((resolve) => session.once('remoteSettings', resolve));
    expect(session.remoteSettings.initialWindowSize).toBe(1024 * 1024);
  });

  it('serves twenty uploads at once on one connection', async () => {
    const simulator = await start();
    const client = connected(h2Client(simulator));
    const seen = await Promise.all(Array.from({ length: 20 }, () => client.send(uploadOf(ROCKET_BYTES))));
    expect(seen.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(simulator.connections().opened).toBe(1);
  });

  it('keeps answering while it edits', async () => {
    const simulator = await start();
    const client = connected(h2Client(simulator));
    const id = await uploaded(client);
    const editing = client.send(editOf({ image: { file_id: id }, prompt: 'oil painting' }));
    await simulator.ledger.waitUntil((entries) => entries.length === 2);
    const models = await client.send({ path: '/v1/models' });
    expect(models.status).toBe(200);
    expect(simulator.ledger.entries({ path: '/v1/images/edits' })[0]?.outcome).toBe('open');
    expect((await editing).status).toBe(200);
  });

  it('refuses an address that others could reach', async () => {
    await expect(createSimulator({ host: '0.0.0.0' })).rejects.toThrow('loopback');
  });

  it('closes with requests running, and leaves no file', async () => {
    const simulator = await start();
    const client = connected(h2Client(simulator));
    const id = await uploaded(client);
    const editing = client.send(editOf({ image: { file_id: id }, prompt: 'watercolor', n: 4 }));
    await simulator.ledger.waitUntil((entries) => entries.length === 2);
    const { dir } = simulator;
    expect(existsSync(dir)).toBe(true);
    await simulator.close();
    await simulator.close();
    expect((await editing).status).toBeUndefined();
    expect(existsSync(dir)).toBe(false);
    expect(simulator.connections().open).toBe(0);
  });
});

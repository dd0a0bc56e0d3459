import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { TestPostgres } from '../src/database/testing/postgres.ts';
import { FerryProcess } from './support/ferry.ts';
import { bytesOf, form, picture, ROCKET, smallPng } from './support/form.ts';
import { ADMIN, type OpenAiGateway, startOpenAiGateway } from './support/openai.ts';
import { EDITS, UPLOADS } from './support/simulator-control.ts';
import { Upstream } from './support/upstream.ts';

let postgres: TestPostgres;
let database: URL;
let gateway: OpenAiGateway;
let client: OpenAI;

beforeAll(async () => {
  postgres = await TestPostgres.start();
  database = new URL(await postgres.database());
  gateway = await startOpenAiGateway({ database });
  client = gateway.client();
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await gateway.simulator.reset();
  await postgres.query('delete from uploaded_files', database);
});

const MODEL = 'grok-imagine-image';
const uploads = () => gateway.simulator.requests(UPLOADS);
const edits = () => gateway.simulator.requests(EDITS);
const upload = (by = client, name = 'rocket.jpg') =>
  by.files.create({ file: picture(bytesOf(ROCKET), name), purpose: 'vision' });
const edit = (images: readonly object[], by = client) =>
  by.post('/images/edits', { body: { model: MODEL, prompt: 'x', images } }) as Promise<OpenAI.ImagesResponse>;
const thrown = (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    () => undefined,
    (error: unknown) => error,
  );

test('a file is uploaded once and named in several edits, alone and beside other images', async () => {
  const file = await upload();
  expect(file).toMatchObject({
    object: 'file',
    bytes: bytesOf(ROCKET).byteLength,
    filename: 'rocket.jpg',
    purpose: 'vision',
    status: 'processed',
  });
  expect(file.id).toMatch(/^file-/);
  expect((file.expires_at ?? 0) - file.created_at).toBe(86_400);
  expect((await edit([{ file_id: file.id }])).data).toHaveLength(1);
  const image_url = `data:image/png;base64,${Buffer.from(await smallPng()).toString('base64')}`;
  const mixed = await edit([{ image_url }, { file_id: file.id }]);
  expect(mixed).toMatchObject({ ferry: { uploads: [{ attempts: 1 }] } });
  expect(await uploads()).toHaveLength(2);
  const sources = (await edits()).map(
    ({ work }) => (work as { sources?: string[] } | undefined)?.sources ?? [],
  );
  expect(sources.map(({ length }) => length)).toEqual([1, 2]);
  // In the place where the caller named it.
  expect(sources[1]?.[1]).toBe(sources[0]?.[0]);
  expect(sources[0]).not.toContain(file.id);
});

test('files are listed page by page, looked up, and forgotten, which says what the upstream does', async () => {
  const ids: string[] = [];
  for (const name of ['a.jpg', 'b.jpg', 'c.jpg']) ids.push((await upload(client, name)).id);
  const listed: string[] = [];
  for await (const file of client.files.list({ limit: 2 })) listed.push(file.id);
  expect(listed).toEqual(ids.toReversed());
  const [first = ''] = ids;
  const oldest = await client.files.list({ order: 'asc', limit: 1 });
  expect(oldest.data.map(({ id }) => id)).toEqual([first]);
  expect((await client.files.retrieve(first)).filename).toBe('a.jpg');
  expect(await client.files.delete(first)).toMatchObject({
    id: first,
    deleted: true,
    ferry: {
      upstream_deletes_at: expect.any(Number),
      note: expect.stringContaining('The upstream keeps it'),
    },
  });
  const gone = [
    () => client.files.retrieve(first),
    () => client.files.delete(first),
    () => edit([{ file_id: first }]),
  ];
  for (const asked of gone) expect(await thrown(asked())).toBeInstanceOf(OpenAI.NotFoundError);
  expect(await edits()).toHaveLength(0);
});

test('a file belongs to the key that uploaded it: for every other caller there is none', async () => {
  const { id } = await upload();
  const other = gateway.client('blog');
  const error = await thrown(edit([{ file_id: id }], other));
  expect(error).toMatchObject({ status: 404, code: 'file_not_found', param: 'images[0].file_id' });
  expect(await thrown(other.files.retrieve(id))).toBeInstanceOf(OpenAI.NotFoundError);
  expect(await thrown(other.files.delete(id))).toBeInstanceOf(OpenAI.NotFoundError);
  expect((await other.files.list()).data).toEqual([]);
  const admin = await fetch(`${gateway.url}/v1/files/${id}`, {
    headers: { authorization: `Bearer ${ADMIN}` },
  });
  expect(admin.status).toBe(404);
  expect((await client.files.retrieve(id)).id).toBe(id);
});

test('a file that has expired is unknown', async () => {
  const file = await client.files.create({
    file: picture(),
    purpose: 'user_data',
    expires_after: { anchor: 'created_at', seconds: 3_600 },
  });
  expect((file.expires_at ?? 0) - file.created_at).toBe(3_600);
  await postgres.query("update uploaded_files set expires_at = now() - interval '1 second'", database);
  expect(await thrown(edit([{ file_id: file.id }]))).toBeInstanceOf(OpenAI.NotFoundError);
  expect((await client.files.list()).data).toEqual([]);
  await upload();
  const [{ count } = { count: 0 }] = await postgres.query(
    'select count(*)::int from uploaded_files',
    database,
  );
  expect(count).toBe(1);
});

test('what is no image, or for no image, is refused by name', async () => {
  const refusal = async (body: FormData) => {
    const answer = await gateway.fetch('/v1/files', { method: 'POST', body });
    const { error } = (await answer.json()) as { error: { code: string; param: string } };
    return [answer.status, error.code, error.param];
  };
  const file = picture();
  const purpose = 'vision';
  expect(await refusal(form({ file }))).toEqual([400, 'missing_required_parameter', 'purpose']);
  expect(await refusal(form({ purpose }))).toEqual([400, 'missing_required_parameter', 'file']);
  expect(await refusal(form({ purpose: 'batch', file }))).toEqual([400, 'invalid_value', 'purpose']);
  expect(await refusal(form({ purpose, file: [file, file] }))).toEqual([400, 'too_many_images', 'file']);
  const text = new File(['{"a":1}'], 'a.jsonl');
  expect(await refusal(form({ purpose, file: text }))).toEqual([400, 'invalid_image', 'file']);
  expect(await refusal(form({ purpose, image: file }))).toEqual([400, 'unknown_parameter', 'image']);
  expect(await uploads()).toHaveLength(0);
});

test('a file that the upstream has lost is answered 404, not as a fault of the gateway', async () => {
  const { id } = await upload();
  await postgres.query("update uploaded_files set file_id = 'file-of-nobody'", database);
  const error = await thrown(edit([{ file_id: id }]));
  expect(error).toMatchObject({ status: 404, code: 'file_not_found' });
});

test('a client that repeats an upload gets the file it has', async () => {
  const send = (count: number) =>
    gateway.fetch('/v1/files', {
      method: 'POST',
      body: form({ purpose: 'vision', file: picture() }),
      headers: { 'x-stainless-retry-count': String(count) },
    });
  const [first, repeat] = [await send(0), await send(1)];
  expect(repeat.headers.get('idempotent-replayed')).toBe('true');
  expect(await repeat.json()).toEqual(await first.json());
  expect((await client.files.list()).data).toHaveLength(1);
});

test('without a database files are refused honestly before they are read, and edits go on', async () => {
  await using alone = await startOpenAiGateway();
  const by = alone.client();
  for (const asked of [() => upload(by), () => by.files.list(), () => edit([{ file_id: 'file-x' }], by)])
    expect(await thrown(asked())).toMatchObject({ status: 503, code: 'database_unavailable' });
  expect(await alone.simulator.requests(UPLOADS)).toHaveLength(0);
  expect((await by.images.edit({ prompt: 'x', image: picture() })).data).toHaveLength(1);
});

test('with several upstream keys an edit uses the one that owns the file', async () => {
  await using upstream = await Upstream.start();
  await using process = await FerryProcess.spawn({
    database: new URL(await postgres.database()),
    env: { ONE: 'key-one', TWO: 'key-two', THREE: 'key-three' },
    toml: `
      [[provider]]
      name = "xai"
      base_url = "${upstream.url}"
      models = ["grok-imagine-image"]
      keys = ["env:ONE", "env:TWO", "env:THREE"]
      ca_file = "${upstream.caFile}"`,
  });
  const { msg } = await process.line((line) => line.msg.startsWith('Ferry is ready: '));
  await process.line((line) => line.msg === 'PostgreSQL is there');
  const { origin } = new URL(msg.slice('Ferry is ready: '.length));
  const by = new OpenAI({ baseURL: `${origin}/v1`, apiKey: 'any', maxRetries: 0 });
  const files = [await upload(by), await upload(by), await upload(by)];
  const all = await upstream.control.requests(UPLOADS);
  expect(new Set(all.map(({ keyAlias }) => keyAlias)).size).toBe(1);
  for (let i = 0; i < 4; i++) await by.images.edit({ prompt: 'x', image: picture() });
  await edit(
    files.map(({ id }) => ({ file_id: id })),
    by,
  );
  const last = (await upstream.control.requests(EDITS)).at(-1);
  expect([last?.status, last?.keyAlias]).toEqual([200, all[0]?.keyAlias]);
});

test('an upstream that takes images inside its edits gets the same requests, and keeps no files', async () => {
  await using upstream = await Upstream.start('--shape', 'openai', '--key', 'key-one');
  await using process = await FerryProcess.spawn({
    database: new URL(await postgres.database()),
    env: { ONE: 'key-one' },
    toml: `
      [[provider]]
      name = "oai"
      type = "openai"
      base_url = "${upstream.url}"
      models = ["gpt-image-1"]
      keys = ["env:ONE"]
      ca_file = "${upstream.caFile}"`,
  });
  const { msg } = await process.line((line) => line.msg.startsWith('Ferry is ready: '));
  await process.line((line) => line.msg === 'PostgreSQL is there');
  const { origin } = new URL(msg.slice('Ferry is ready: '.length));
  const by = new OpenAI({ baseURL: `${origin}/v1`, apiKey: 'any', maxRetries: 0 });
  const wishes = { size: '1024x1024', quality: 'high', background: 'opaque', user: 'somebody' } as const;
  const image = [picture(), picture(await smallPng(), 'b.png')];
  const answer = await by.images.edit({ prompt: 'x', image, ...wishes });
  expect(answer).toMatchObject({
    data: [{ b64_json: expect.any(String) }],
    ferry: { uploads: [{ delivery: 'inline' }, { delivery: 'inline' }] },
  });
  expect(await upstream.control.requests('/')).toHaveLength(1);
  expect(await thrown(upload(by))).toMatchObject({ status: 400, code: 'files_not_supported' });
});

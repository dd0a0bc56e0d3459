import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { TestPostgres } from '../src/database/testing/postgres.ts';
import { eventually, type Ferry, leftovers, startFerry } from './support/ferry.ts';
import { bytesOf, form, largePng, picture, post, type Reply, ROCKET } from './support/form.ts';
import { change, settings } from './support/settings.ts';
import { EDITS, UPLOADS } from './support/simulator-control.ts';
import { SlowClient } from './support/slow-client.ts';

let postgres: TestPostgres;
let ferry: Ferry;
beforeAll(async () => {
  postgres = await TestPostgres.start();
  ferry = await startFerry({ database: new URL(await postgres.database()) });
  await ferry.process.line(({ msg }) => msg === 'PostgreSQL is there');
});
afterAll(async () => {
  await ferry[Symbol.asyncDispose]();
  await postgres[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await settings(ferry, { method: 'POST', path: '/rollback', body: { revision: 0 } });
  await ferry.simulator.reset();
});

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Leaves nothing that would keep a connection open for a later request. */
const keepNothing = () =>
  change(ferry, { upload: { reuse_session: false }, pool: { spares: 0, max_streams: 99 } });

/** Callers that post one request after the other until told to stop. */
class Load {
  readonly replies: Reply[] = [];
  readonly #callers: Promise<void>[];
  #stopped = false;

  constructor(callers: number) {
    this.#callers = Array.from({ length: callers }, () => this.#run());
  }

  /** Waits until so many more have been answered. */
  async answered(more: number): Promise<void> {
    const until = this.replies.length + more;
    if (!(await eventually(() => this.replies.length >= until, 20_000)))
      throw new Error('no more answers came');
  }

  async stop(): Promise<readonly Reply[]> {
    this.#stopped = true;
    await Promise.all(this.#callers);
    return this.replies;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) this.replies.push(await post(ferry.url, form({ prompt: 'x', image: picture() })));
  }
}

/** One after the other, round and round: what a request reads, what connections are made of, and limits. */
const FLIPS: readonly object[] = [
  { upload: { reuse_session: true } },
  { upload: { transport: 'undici' } },
  { pool: { max_streams: 1, max_connections: 2 } },
  { upload: { transport: 'http1' } },
  { upload: { reuse_session: false } },
  { pool: { spares: 0 } },
  { upload: { concurrency: 2 } },
  { upload: { transport: 'auto' }, pool: { spares: 3, max_idle_ms: 500 } },
  { upload: { reuse_session: true, concurrency: 30 }, fallback: { http1: false } },
  { pool: { max_streams: 8, max_age_ms: 1_000, prove_after_idle_ms: 0 }, retry: { max_retry: 0 } },
];

test('settings change under load, over and over, and not one upload fails', { timeout: 90_000 }, async () => {
  const load = new Load(4);
  let replaced = 0;
  for (const flip of [...FLIPS, ...FLIPS, ...FLIPS]) {
    replaced += (await change(ferry, flip)).replaces.length;
    await load.answered(2);
  }
  const replies = await load.stop();

  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
  // Not even an attempt failed: the retries of the engine hide nothing here.
  expect(new Set(replies.flatMap(({ body }) => body.uploads ?? []).map(({ attempts }) => attempts))).toEqual(
    new Set([1]),
  );
  const uploads = await ferry.simulator.requests(UPLOADS);
  expect(uploads).toHaveLength(replies.length);
  const rocket = sha256(bytesOf(ROCKET));
  expect(uploads.every(({ status, work }) => status === 200 && work?.file?.sha256 === rocket)).toBe(true);
  expect(await ferry.simulator.requests(EDITS)).toHaveLength(replies.length);
  expect(new Set(uploads.map(({ protocol }) => protocol)).size).toBe(2);

  replaced += (await keepNothing()).replaces.length;
  const closed = () =>
    ferry.process.messages().filter((msg) => msg === 'Replaced connections of simulator are closed');
  expect(await eventually(() => closed().length >= replaced)).toBe(true);
  expect(await eventually(async () => (await ferry.simulator.openConnections()) === 0)).toBe(true);
  expect(await leftovers(ferry)).toEqual([]);
});

test('a request that began before a change ends with what it began with, and its connections are closed then', async () => {
  const image = await largePng();
  using uploading = new SlowClient(ferry.url, { image, filename: 'large.png', before: { prompt: 'x' } });
  using arriving = new SlowClient(ferry.url, {
    image: bytesOf(ROCKET),
    filename: 'rocket.jpg',
    before: { prompt: 'x' },
  });
  await uploading.sendUntil(4_000_000);
  await arriving.sendUntil(10_000);
  const begun = async (): Promise<boolean> =>
    ((await ferry.simulator.requests(UPLOADS))[0]?.bytesReceived ?? 0) > 1_000_000;
  expect(await eventually(begun)).toBe(true);

  await change(ferry, { upload: { transport: 'http1', max_file_mb: 1, reuse_session: true } });
  const after = await post(ferry.url, form({ prompt: 'x', image: picture() }));
  expect(after.body.uploads?.[0]?.connection.protocol).toBe('http/1.1');

  for (const client of [uploading, arriving]) {
    client.finish();
    const { status, body } = await client.reply();
    expect([status, body.uploads?.[0]?.attempts]).toEqual([200, 1]);
    expect(body.uploads?.[0]?.connection.protocol).toBe('h2');
  }
  await keepNothing();
  expect(await eventually(async () => (await ferry.simulator.openConnections()) === 0)).toBe(true);
});

test('an edit that takes its time is not cut off by a change', async () => {
  await ferry.simulator.fault({ match: { path: EDITS }, fault: { kind: 'delay', ms: 1_500 } });
  const slow = post(ferry.url, form({ prompt: 'x', image: picture() }));
  expect(await eventually(async () => (await ferry.simulator.requests(EDITS)).length === 1)).toBe(true);
  await change(ferry, { upload: { transport: 'http1' } });
  await keepNothing();
  expect((await slow).status).toBe(200);
  expect(await ferry.simulator.requests(EDITS)).toHaveLength(1);
  expect(await eventually(async () => (await ferry.simulator.openConnections()) === 0)).toBe(true);
});

test('a change that has nothing to do with connections replaces none', async () => {
  await change(ferry, { upload: { reuse_session: true } });
  await post(ferry.url, form({ prompt: 'x', image: picture() }));
  await change(ferry, { retry: { max_retry: 1 }, fallback: { min_requests: 5 }, upload: { max_images: 2 } });
  const { body } = await post(ferry.url, form({ prompt: 'x', image: picture() }));
  expect(body.uploads?.[0]?.connection.reused).toBe(true);
});

test('what is known of an upstream and HTTP/2 is known to the connections that follow', async () => {
  await ferry.simulator.fault({
    match: { protocol: 'h2' },
    count: 'forever',
    fault: { kind: 'rst', code: 'HTTP_1_1_REQUIRED', when: 'before' },
  });
  await post(ferry.url, form({ prompt: 'x', image: picture() }));
  await change(ferry, { pool: { spares: 1, max_streams: 3 }, fallback: { hold_s: 1_000 } });
  const { body } = await post(ferry.url, form({ prompt: 'x', image: picture() }));
  expect(body.uploads?.[0]).toMatchObject({ attempts: 1, connection: { protocol: 'http/1.1' } });
});

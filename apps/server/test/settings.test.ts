import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { TestPostgres } from '../src/database/testing/postgres.ts';
import { type Ferry, startFerry } from './support/ferry.ts';
import { change, SETTINGS, settingOf, settings } from './support/settings.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await TestPostgres.start();
});
afterAll(() => postgres[Symbol.asyncDispose]());

const isUp = (ferry: Ferry) => ferry.process.line(({ msg }) => msg === 'PostgreSQL is there');

async function started(options: Parameters<typeof startFerry>[0] = {}): Promise<Ferry> {
  const ferry = await startFerry({ database: new URL(await postgres.database()), ...options });
  await isUp(ferry);
  return ferry;
}

describe('the settings API', () => {
  let ferry: Ferry;
  beforeAll(async () => {
    ferry = await started({
      toml: '[pool]\nspares = 1\n',
      env: { FERRY_UPLOAD__REUSE_SESSION: 'true' },
    });
  });
  afterAll(() => ferry[Symbol.asyncDispose]());

  test('lists every setting with what it means, may be, is by default, and where its value is from', async () => {
    const { status, etag, body } = await settings(ferry);
    expect([status, etag, body.revision, body.database]).toEqual([200, '"0"', 0, 'available']);
    const find = (key: string) => body.settings.find((setting) => setting.key === key);
    expect(find('upload.reuse_session')).toMatchObject({
      value: true,
      default: false,
      source: { kind: 'environment', name: 'FERRY_UPLOAD__REUSE_SESSION' },
      configured: null,
      schema: { type: 'boolean' },
      cost: { replaces: [], about: expect.stringContaining('two round trips') },
    });
    expect(find('pool.spares')).toMatchObject({
      value: 1,
      default: 2,
      source: { kind: 'file', name: 'ferry.toml' },
    });
    expect(find('pool.max_age_ms')).toMatchObject({
      unit: 'ms',
      source: { kind: 'default', name: null },
      schema: { type: 'integer', minimum: 1_000, maximum: 86_400_000 },
      about: expect.stringMatching(/replaced\.$/),
      expected: 'a whole number from 1000 to 86400000',
    });
  });

  test('a change wins over the environment, says so, and is undone in one step', async () => {
    const made = await change(ferry, { upload: { reuse_session: false }, why: 'isolate uploads' });
    expect(made).toMatchObject({ dry_run: false, replaces: [] });
    const { body, etag } = await settings(ferry);
    expect(etag).toBe(`"${made.revision}"`);
    expect(body.settings.find(({ key }) => key === 'upload.reuse_session')).toMatchObject({
      value: false,
      source: { kind: 'revision', name: String(made.revision) },
      configured: { value: true, source: { kind: 'environment', name: 'FERRY_UPLOAD__REUSE_SESSION' } },
    });
    const back = await settings(ferry, { method: 'POST', path: '/rollback' });
    expect([back.status, back.body.changes]).toEqual([
      200,
      [{ key: 'upload.reuse_session', from: false, to: true, configured: true }],
    ]);
    expect(await settingOf(ferry, 'upload.reuse_session')).toBe(true);
  });

  test('a dry run names what would change and which connections would be replaced', async () => {
    const before = await settings(ferry);
    const body = { upload: { transport: 'http1' }, pool: { max_streams: 7 }, why: 'what if' };
    const dry = await settings(ferry, { method: 'PATCH', path: '?dry_run=true', body });
    expect(dry.body).toMatchObject({
      dry_run: true,
      revision: before.body.revision,
      changes: [
        { key: 'upload.transport', from: 'auto', to: 'http1' },
        { key: 'pool.max_streams', from: 4, to: 7 },
      ],
      replaces: [
        { upstream: 'simulator', connections: 'isolated' },
        { upstream: 'simulator', connections: 'shared' },
      ],
    });
    expect((await settings(ferry)).body).toEqual(before.body);
  });

  test('the history tells who changed what and why, page by page', async () => {
    for (const spares of [3, 4, 5]) await change(ferry, { pool: { spares }, why: `spares ${spares}` });
    const first = await settings(ferry, { path: '/revisions?limit=2' });
    expect(first.body.revisions).toMatchObject([
      { who: 'loopback', why: 'spares 5', changes: [{ key: 'pool.spares', from: 4, to: 5 }] },
      { why: 'spares 4' },
    ]);
    const next = await settings(ferry, { path: `/revisions?limit=2&before=${first.body.next_before}` });
    expect(next.body.revisions[0]).toMatchObject({ why: 'spares 3' });
    const all = await settings(ferry, { path: '/revisions' });
    expect([all.body.next_before, all.body.revisions.at(-1)?.revision]).toEqual([null, 1]);
  });

  test('of two operators who looked at the same settings, the second is told what the first has done', async () => {
    const seen = await settings(ferry);
    const ifMatch = { 'if-match': seen.etag ?? '' };
    const first = { pool: { max_streams: 5 }, why: 'ann’s' };
    expect((await settings(ferry, { method: 'PATCH', body: first, headers: ifMatch })).status).toBe(200);
    const second = { pool: { max_streams: 6 }, why: 'bob’s' };
    const refused = await settings(ferry, { method: 'PATCH', body: second, headers: ifMatch });
    expect([refused.status, refused.body.error?.code]).toEqual([412, 'settings_conflict']);
    expect(refused.body.conflict?.meanwhile).toMatchObject([{ who: 'loopback', why: 'ann’s' }]);
    const told = await settings(ferry, {
      method: 'PATCH',
      body: { ...second, revision: seen.body.revision },
    });
    expect([told.status, await settingOf(ferry, 'pool.max_streams')]).toEqual([409, 5]);
    const rollback = await settings(ferry, { method: 'POST', path: '/rollback', body: {}, headers: ifMatch });
    expect(rollback.status).toBe(412);
  });

  test.each([
    ['no reason', { upload: { reuse_session: true } }, 'why'],
    ['a blank reason', { upload: { reuse_session: true }, why: ' ' }, 'why'],
    ['an unknown key', { upload: { speed: 1 }, why: 'x' }, 'upload.speed'],
    ['a value out of range', { pool: { spares: 33 }, why: 'x' }, 'pool.spares'],
    ['a value of the wrong type', { pool: { spares: '3' }, why: 'x' }, 'pool.spares'],
    ['a section that is no setting', { auth: { admin_key: 'env:X' }, why: 'x' }, 'auth'],
  ])('%s is refused, by name, and changes nothing', async (_, body, param) => {
    const { revision } = (await settings(ferry)).body;
    const refused = await settings(ferry, { method: 'PATCH', body });
    expect([refused.status, refused.body.error?.param]).toEqual([400, param]);
    expect((await settings(ferry)).body.revision).toBe(revision);
  });

  test.each([
    ['PATCH', '', { 'if-match': 'abc' }],
    ['PATCH', '?dry_run=perhaps', {}],
    ['GET', '/revisions?limit=0', {}],
    ['GET', '/revisions?before=x', {}],
  ])('%s %s %j is malformed', async (method, path, headers) => {
    const body = method === 'PATCH' ? { pool: { spares: 1 }, why: 'x' } : undefined;
    expect((await settings(ferry, { method, path, headers, ...(body && { body }) })).status).toBe(400);
  });

  test('only JSON is taken, and not much of it', async () => {
    const send = async (type: string, body: string) =>
      (await fetch(`${ferry.url}${SETTINGS}`, { method: 'PATCH', body, headers: { 'content-type': type } }))
        .status;
    expect(await send('application/x-www-form-urlencoded', 'why=x')).toBe(415);
    expect(await send('application/json', '{')).toBe(400);
    expect(await send('application/json', `{"why":"${'x'.repeat(70_000)}"}`)).toBe(413);
  });

  test('a page of another site can change nothing', async () => {
    const headers = { origin: 'https://evil.example' };
    const body = { upload: { reuse_session: false }, why: 'x' };
    expect((await settings(ferry, { method: 'PATCH', body, headers })).status).toBe(403);
  });

  test('the documentation lists the settings with their ranges', async () => {
    const document = (await (await fetch(`${ferry.url}/docs-json`)).json()) as {
      paths: Record<string, Record<string, { requestBody?: unknown }>>;
    };
    const patch = document.paths[SETTINGS]?.patch?.requestBody;
    expect(JSON.stringify(patch)).toContain('"spares":{"anyOf":[{');
    expect(Object.keys(document.paths)).toContain(`${SETTINGS}/rollback`);
  });
});

test('with an admin key, settings are the admin’s, and the history says so', async () => {
  await using ferry = await started({
    env: { FERRY_AUTH__ADMIN_KEY: 'env:ADMIN_KEY', ADMIN_KEY: 'correct-horse-battery' },
  });
  expect((await settings(ferry)).status).toBe(401);
  const headers = { authorization: 'Bearer correct-horse-battery' };
  const body = { pool: { spares: 1 }, why: 'fewer' };
  expect((await settings(ferry, { method: 'PATCH', body })).status).toBe(401);
  expect((await settings(ferry, { method: 'PATCH', body, headers })).status).toBe(200);
  const { revisions } = (await settings(ferry, { path: '/revisions', headers })).body;
  expect(revisions).toMatchObject([{ who: 'admin', why: 'fewer' }]);
  expect((await settings(ferry, { method: 'POST', path: '/rollback', headers })).status).toBe(200);
  const audit = await fetch(`${ferry.url}/api/v1/admin/audit`, { headers });
  expect(await audit.json()).toMatchObject({
    entries: [
      { who: 'admin', action: 'settings.rolled-back', target: 'revision 2' },
      { who: 'admin', action: 'settings.changed', target: 'revision 1', detail: { why: 'fewer' } },
    ],
  });
});

describe('two gateways on one database', () => {
  test('a change at one is in effect at the other, both ways, also after its connections were cut', async () => {
    const database = new URL(await postgres.database());
    await using one = await started({ database });
    await using two = await started({ database });
    const inEffect = (ferry: Ferry, revision: number) =>
      ferry.process.line(({ msg }) => msg === `Settings revision ${revision} is in effect`);

    await change(one, { upload: { reuse_session: true } });
    await inEffect(two, 1);
    expect(await settingOf(two, 'upload.reuse_session')).toBe(true);
    await change(two, { upload: { reuse_session: null } });
    await inEffect(one, 2);
    expect(await settingOf(one, 'upload.reuse_session')).toBe(false);

    const name = database.pathname.slice(1);
    await postgres.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}' and pid <> pg_backend_pid()`,
    );
    await expect
      .poll(() =>
        change(one, { pool: { spares: 9 } }).then(
          () => 'made',
          () => 'away',
        ),
      )
      .toBe('made');
    await inEffect(two, 3);
    expect(await settingOf(two, 'pool.spares')).toBe(9);
  });
});

describe('the next start', () => {
  test('goes by the settings last known, also without the database', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'ferry-settings-'));
    onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
    const env = { FERRY_SERVER__DATA_DIR: dataDir };
    {
      await using ferry = await started({ env });
      await change(ferry, { upload: { reuse_session: true } });
    }
    await using again = await startFerry({ env });
    const { body } = await settings(again);
    expect([body.revision, body.origin]).toEqual([1, 'last-known']);
    expect(await settingOf(again, 'upload.reuse_session')).toBe(true);
  });

  test('of a new instance waits for the settings of the others before it serves', async () => {
    const database = new URL(await postgres.database());
    {
      await using ferry = await started({ database });
      await change(ferry, { upload: { reuse_session: true } });
    }
    await using fresh = await startFerry({ database });
    const messages = fresh.process.messages();
    const ready = messages.findIndex((msg) => msg.startsWith('Ferry is ready'));
    expect(messages.slice(0, ready)).toContain('Settings revision 1 is in effect');
  });

  test('is not kept up by a database that is away', async () => {
    await using ferry = await startFerry({ database: new URL('postgres://nobody@127.0.0.1:1/none') });
    expect((await settings(ferry)).body).toMatchObject({ origin: 'configuration', database: 'unavailable' });
  });
});

test('without a database settings are shown and cannot be changed, which is said', async () => {
  await using ferry = await startFerry();
  const { body } = await settings(ferry);
  expect([body.database, body.settings.length > 20]).toEqual(['unavailable', true]);
  const refused = await settings(ferry, { method: 'PATCH', body: { pool: { spares: 1 }, why: 'x' } });
  expect([refused.status, refused.body.error?.code]).toEqual([503, 'database_unavailable']);
  expect((await settings(ferry, { path: '/revisions' })).status).toBe(503);
  expect((await settings(ferry, { method: 'POST', path: '/rollback' })).status).toBe(503);
});

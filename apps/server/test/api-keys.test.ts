import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestPostgres } from '../src/database/testing/postgres.ts';
import { eventually, type Ferry, FerryProcess, startFerry } from './support/ferry.ts';

const ADMIN = 'correct-horse-battery';
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const json = { 'content-type': 'application/json' };

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await TestPostgres.start();
});
afterAll(() => postgres[Symbol.asyncDispose]());

const gateway = (url: string): Promise<Ferry> =>
  startFerry({
    toml: '[auth]\nadmin_key = "env:ADMIN"\n[[api_key]]\nname = "shop"\nkey = "env:SHOP"\n',
    env: { ADMIN, SHOP: 'a-key-of-the-shop', DATABASE_URL: url },
  });

const keysOf = (ferry: Ferry, path = '', init: RequestInit = {}) =>
  fetch(`${ferry.url}/api/v1/admin/keys${path}`, { ...init, headers: { ...bearer(ADMIN), ...init.headers } });
const make = (ferry: Ferry, body: unknown) =>
  keysOf(ferry, '', { method: 'POST', headers: json, body: JSON.stringify(body) });
const models = async (ferry: Ferry, key: string): Promise<number> => {
  const answer = await fetch(`${ferry.url}/v1/models`, { headers: bearer(key) });
  await answer.body?.cancel();
  return answer.status;
};
const databaseIsUp = (ferry: Ferry) => eventually(async () => (await keysOf(ferry)).status === 200);

describe('API keys made while Ferry runs', () => {
  test('open the API on every instance, are shown once, and open nothing once they are revoked', async () => {
    const url = await postgres.database();
    await using one = await gateway(url);
    await using other = await gateway(url);
    expect(await databaseIsUp(one)).toBe(true);
    expect(await databaseIsUp(other)).toBe(true);

    const made = (await (await make(one, { name: 'blog', requests_per_minute: 100 })).json()) as {
      id: string;
      key: string;
      hint: string;
    };
    expect(made.key).toMatch(/^ferry_[\w-]{43}$/);
    expect(made.key).toContain(made.hint.slice(0, -1));
    expect(await models(one, made.key)).toBe(200);
    expect(await eventually(async () => (await models(other, made.key)) === 200)).toBe(true);

    const listed = await (await keysOf(other)).text();
    expect(listed).not.toContain(made.key);
    expect(JSON.parse(listed).data).toEqual([
      expect.objectContaining({ name: 'shop', source: 'configuration', hint: null }),
      expect.objectContaining({
        name: 'blog',
        source: 'database',
        requests_per_minute: 100,
        revoked_at: null,
      }),
    ]);

    expect((await keysOf(other, `/${made.id}`, { method: 'DELETE' })).status).toBe(204);
    expect(await models(other, made.key)).toBe(401);
    expect(await eventually(async () => (await models(one, made.key)) === 401)).toBe(true);
    expect((await keysOf(one, `/${made.id}`, { method: 'DELETE' })).status).toBe(404);

    const audit = await fetch(`${one.url}/api/v1/admin/audit`, { headers: bearer(ADMIN) });
    const { entries } = (await audit.json()) as { entries: readonly Record<string, unknown>[] };
    expect(entries.map(({ who, action, target }) => [who, action, target])).toEqual([
      ['admin', 'api-key.revoked', 'blog'],
      ['admin', 'api-key.created', 'blog'],
    ]);
    for (const ferry of [one, other]) expect(ferry.process.stdout).not.toContain(made.key);
  });

  test('have names of their own, and limits that are numbers', async () => {
    await using ferry = await gateway(await postgres.database());
    expect(await databaseIsUp(ferry)).toBe(true);
    expect((await make(ferry, { name: 'blog' })).status).toBe(201);
    const refused = async (body: unknown) => {
      const answer = await make(ferry, body);
      const { error } = (await answer.json()) as { error: { code: string; param: string } };
      return [answer.status, error.code, error.param];
    };
    expect(await refused({ name: 'blog' })).toEqual([409, 'name_taken', 'name']);
    expect(await refused({ name: 'shop' })).toEqual([409, 'name_taken', 'name']);
    expect(await refused({ name: '' })).toEqual([400, 'invalid_parameter', 'name']);
    expect(await refused({ name: 'x', concurrency: 0 })).toEqual([400, 'invalid_parameter', 'concurrency']);
    expect(await refused({ name: 'x', admin: true })).toEqual([400, 'invalid_parameter', 'admin']);
  });

  test('go on working while the database is away, and making one is answered 503', async () => {
    await using ferry = await startFerry({
      toml: '[auth]\nadmin_key = "env:ADMIN"\n[database]\nembedded = false\n[[api_key]]\nname = "shop"\nkey = "env:SHOP"\n',
      env: { ADMIN, SHOP: 'a-key-of-the-shop' },
    });
    const answer = await make(ferry, { name: 'blog' });
    const { error } = (await answer.json()) as { error: { code: string } };
    expect([answer.status, error.code]).toEqual([503, 'database_unavailable']);
    expect(await models(ferry, 'a-key-of-the-shop')).toBe(200);
  });
});

test('where other machines can reach it, Ferry does not start without an API key, and says how to get one', async () => {
  const open = '[server]\nhost = "0.0.0.0"\n[auth]\nadmin_key = "env:ADMIN"\n';
  const url = await postgres.database();
  await using refused = await FerryProcess.spawn({ toml: open, env: { ADMIN, DATABASE_URL: url } });
  expect(await refused.exit()).toEqual({ code: 78, signal: null });
  expect(refused.stderr).toContain('ferry keys add NAME');
  expect(refused.stderr).toContain('the database holds none');

  // A key that another instance has made is enough.
  await using private_ = await gateway(url);
  expect(await databaseIsUp(private_)).toBe(true);
  expect((await make(private_, { name: 'blog' })).status).toBe(201);
  await using started = await startFerry({ toml: open, env: { ADMIN, DATABASE_URL: url } });
  expect(await models(started, 'nobody')).toBe(401);
});

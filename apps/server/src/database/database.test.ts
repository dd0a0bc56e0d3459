import { silentLogger } from '@ferry/core';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { Database, notify } from './database.ts';
import { ExternalPostgres } from './source.ts';
import { TestPostgres } from './testing/postgres.ts';
import { Road } from './testing/road.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await TestPostgres.start();
});
afterAll(() => postgres[Symbol.asyncDispose]());

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function start(url: string): Database {
  const database = new Database({ source: new ExternalPostgres(url), poolSize: 4, logger: silentLogger });
  cleanups.push(() => database.stop());
  database.start();
  return database;
}

const reaches = (database: Database, kind: string) =>
  vi.waitFor(() => expect(database.state.kind).toBe(kind), { timeout: 15_000, interval: 10 });

/** A road that is closed at the end. */
async function road(url: string): Promise<Road> {
  const way = await Road.open(url);
  cleanups.push(() => way[Symbol.asyncDispose]());
  return way;
}

test('several instances that start on one empty database migrate it once and are all up', async () => {
  const url = await postgres.database();
  const all = [start(url), start(url), start(url)];
  await Promise.all(all.map((one) => reaches(one, 'up')));
});

test('a notification reaches other instances, in order, and one in a transaction only when it commits', async () => {
  const url = await postgres.database();
  const [sender, hearer] = [start(url), start(url)];
  const heard: string[] = [];
  // One before and one after it is up.
  hearer.listen('early', (payload) => heard.push(`early ${payload}`));
  await Promise.all([reaches(sender, 'up'), reaches(hearer, 'up')]);
  hearer.listen('late', (payload) => heard.push(`late ${payload}`));
  await vi.waitFor(async () => {
    await sender.use((db) => notify(db, 'late', 'probe'));
    expect(heard).toContain('late probe');
  });
  heard.length = 0;
  const rolledBack = sender.transaction(async (tx) => {
    await notify(tx, 'early', 'never');
    throw new Error('no');
  });
  await expect(rolledBack).rejects.toThrow('no');
  await sender.transaction(async (tx) => {
    await notify(tx, 'early', '1');
    await notify(tx, 'early', '2');
  });
  await vi.waitFor(() => expect(heard.at(-1)).toBe('early 2'));
  expect(heard.filter((text) => text.startsWith('early'))).toEqual(['early 1', 'early 2']);
});

test('a handler that was taken away hears nothing more', async () => {
  const database = start(await postgres.database());
  await reaches(database, 'up');
  const heard: string[] = [];
  const stop = database.listen('a', (payload) => heard.push(payload));
  const marks: string[] = [];
  database.listen('mark', (payload) => marks.push(payload));
  stop();
  await database.use((db) => notify(db, 'a', 'x'));
  await vi.waitFor(async () => {
    await database.use((db) => notify(db, 'mark', 'y'));
    expect(marks.length).toBeGreaterThan(0);
  });
  expect(heard).toEqual([]);
});

test('a database that goes away is known at once, refuses at once, and is used again when it is back', async () => {
  const way = await road(await postgres.database());
  const database = start(way.url);
  const ups: number[] = [];
  database.onUp(() => ups.push(1));
  const heard: string[] = [];
  database.listen('news', (payload) => heard.push(payload));
  await reaches(database, 'up');

  await way.cut();
  await reaches(database, 'away');
  await expect(database.use((db) => db.execute(sql`select 1`))).rejects.toMatchObject({
    name: 'DatabaseUnavailable',
    asked: false,
  });

  await way.mend();
  await reaches(database, 'up');
  expect(ups).toHaveLength(2);
  await database.use((db) => notify(db, 'news', 'again'));
  await vi.waitFor(() => expect(heard).toEqual(['again']));
});

test('a query that is under way when the database goes away fails, and says that it was asked', async () => {
  const way = await road(await postgres.database());
  const database = start(way.url);
  await reaches(database, 'up');
  const query = database.use((db) => db.execute(sql`select pg_sleep(20)`));
  const settled = expect(query).rejects.toMatchObject({ name: 'DatabaseUnavailable', asked: true });
  await vi.waitFor(async () => {
    const rows = await postgres.query(
      "select 1 from pg_stat_activity where query like '%pg_sleep(20)%' and state = 'active' and pid <> pg_backend_pid()",
    );
    expect(rows).toHaveLength(1);
  });
  await way.cut();
  await settled;
});

test('a database that is away from the start is waited for, and nobody else waits', async () => {
  const way = await road(await postgres.database());
  await way.cut();
  const database = start(way.url);
  await expect(database.use((db) => db.execute(sql`select 1`))).rejects.toThrow('it is starting');
  await reaches(database, 'away');
  expect(database.state).toMatchObject({ reason: 'it cannot be reached (ECONNREFUSED)' });
  await way.mend();
  await reaches(database, 'up');
});

test('a query that is wrong is no reason to think the database away', async () => {
  const database = start(await postgres.database());
  await reaches(database, 'up');
  await expect(database.use((db) => db.execute(sql`select nothing`))).rejects.not.toMatchObject({
    name: 'DatabaseUnavailable',
  });
  expect(database.state.kind).toBe('up');
});

test('a reason never holds the password or the address', async () => {
  const url = await postgres.database();
  const wrong = new URL(url);
  wrong.username = 'nobody-known';
  wrong.password = 'hunter2';
  const database = start(wrong.href);
  await reaches(database, 'away');
  expect(database.state).toMatchObject({ reason: 'it refuses the sign-in (28000)' });
});

test('without a database everything that needs one is told so, and stopping is nothing', async () => {
  const database = new Database({ source: undefined, poolSize: 1, logger: silentLogger });
  database.start();
  expect(database.state).toEqual({ kind: 'off' });
  await expect(database.use((db) => db.execute(sql`select 1`))).rejects.toThrow('none is configured');
  await database.stop();
});

test('a stop in the middle of a query leaves no connection', async () => {
  const url = await postgres.database();
  const database = start(url);
  await reaches(database, 'up');
  const query = database.use((db) => db.execute(sql`select pg_sleep(20)`)).catch((error: unknown) => error);
  await database.stop();
  expect(await query).toMatchObject({ name: 'DatabaseUnavailable' });
  const name = new URL(url).pathname.slice(1);
  await vi.waitFor(async () => {
    const rows = await postgres.query(
      `select query from pg_stat_activity where datname = '${name}' and query not like '%pg_sleep%'`,
    );
    expect(rows).toEqual([]);
  });
});

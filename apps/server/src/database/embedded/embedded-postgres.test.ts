import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { silentLogger } from '@ferry/core';
import { sql } from 'drizzle-orm';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { Database } from '../database.ts';
import { temporaryFolder } from '../testing/postgres.ts';
import { EmbeddedPostgres } from './embedded-postgres.ts';
import { socketFolder } from './places.ts';
import { recordedPostmaster } from './processes.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Made once: initdb is most of a first start. */
let template: string;
beforeAll(async () => {
  template = await temporaryFolder();
  const server = new EmbeddedPostgres({ dataDir: template, logger: silentLogger, sync: false });
  await server.ensure(AbortSignal.timeout(30_000));
  await server.stop();
});
afterAll(() => rm(template, { recursive: true }));

async function emptyFolder(): Promise<string> {
  const path = await temporaryFolder();
  cleanups.push(() => rm(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }));
  return path;
}

/** With a cluster that has never been used. Copied by cp(1), which keeps the owner. */
async function folder(): Promise<string> {
  const path = await emptyFolder();
  await promisify(execFile)('cp', ['-a', join(template, 'postgres'), path]);
  return path;
}

function start(dataDir: string): Database {
  const source = new EmbeddedPostgres({ dataDir, logger: silentLogger, sync: false });
  const database = new Database({ source, poolSize: 3, logger: silentLogger });
  cleanups.push(() => database.stop());
  database.start();
  return database;
}

const up = (database: Database) =>
  vi.waitFor(() => expect(database.state).toMatchObject({ kind: 'up' }), 20_000);
const pid = (dataDir: string) => recordedPostmaster(join(dataDir, 'postgres', 'data'));
const keep = (database: Database, text: string) =>
  database.use((db) => db.execute(sql`insert into kept values (${text})`));
const kept = async (database: Database) =>
  (await database.use((db) => db.execute(sql`select text from kept order by text`))).rows.map(
    ({ text }) => text,
  );

async function withTable(dataDir: string): Promise<Database> {
  const database = start(dataDir);
  await up(database);
  await database.use((db) => db.execute(sql`create table kept (text text)`));
  return database;
}

test('a server starts in an empty folder, keeps what it was told, and is gone after the stop', async () => {
  const dataDir = await emptyFolder();
  const first = await withTable(dataDir);
  await keep(first, 'a');
  const server = await pid(dataDir);
  await first.stop();
  expect(await pid(dataDir)).toBeUndefined();
  expect(() => process.kill(Number(server), 0)).toThrow('ESRCH');

  const second = start(dataDir);
  await up(second);
  expect(await kept(second)).toEqual(['a']);
});

test('a server killed with -9 is replaced, and nothing that was answered is lost', async () => {
  const dataDir = await folder();
  const database = await withTable(dataDir);
  await keep(database, 'before');
  const killed = await pid(dataDir);
  process.kill(Number(killed), 'SIGKILL');
  await vi.waitFor(() => expect(database.state.kind).not.toBe('up'), 10_000);
  await up(database);
  await keep(database, 'after');
  expect(await kept(database)).toEqual(['after', 'before']);
  expect(await pid(dataDir)).not.toBe(killed);
});

test('a transaction that is under way when the server dies fails, and is not half done', async () => {
  const dataDir = await folder();
  const database = await withTable(dataDir);
  const transaction = database.transaction(async (tx) => {
    await tx.execute(sql`insert into kept values ('half')`);
    process.kill(Number(await pid(dataDir)), 'SIGKILL');
    await tx.execute(sql`select pg_sleep(5)`);
  });
  await expect(transaction).rejects.toMatchObject({ name: 'DatabaseUnavailable', asked: true });
  await vi.waitFor(async () => expect(await kept(database)).toEqual([]), 20_000);
});

test('a server that outlived its gateway is taken over', async () => {
  const dataDir = await folder();
  const first = new EmbeddedPostgres({ dataDir, logger: silentLogger, sync: false });
  await first.ensure(AbortSignal.timeout(20_000));
  const survivor = await pid(dataDir);
  const second = start(dataDir);
  await up(second);
  expect(await pid(dataDir)).toBe(survivor);
  // And it ends with the last of those who use it.
  await first.stop();
  expect(await pid(dataDir)).toBe(survivor);
  expect(second.state.kind).toBe('up');
  await second.stop();
  expect(await pid(dataDir)).toBeUndefined();
});

test('two that start on one empty folder at the same moment share one server', async () => {
  const dataDir = await emptyFolder();
  const both = [start(dataDir), start(dataDir)];
  await Promise.all(both.map(up));
  const settings = await Promise.all(
    both.map((one) => one.use((db) => db.execute(sql`select pg_postmaster_start_time() as at`))),
  );
  expect(settings[0]?.rows).toEqual(settings[1]?.rows);
});

test('a lock file whose number is somebody else’s by now keeps nothing from starting', async () => {
  const dataDir = await folder();
  const first = await withTable(dataDir);
  await keep(first, 'a');
  process.kill(Number(await pid(dataDir)), 'SIGKILL');
  await first.stop();
  const file = join(dataDir, 'postgres', 'data', 'postmaster.pid');
  const stale = (await readFile(file, 'utf8').catch(() => '1\n/nowhere\n')).split('\n');
  await writeFile(file, [String(process.pid), ...stale.slice(1)].join('\n'));
  const second = start(dataDir);
  await up(second);
  expect(await kept(second)).toEqual(['a']);
});

test('files of another major version are left alone, and the reason is told', async () => {
  const dataDir = await folder();
  const first = start(dataDir);
  await up(first);
  await first.stop();
  await writeFile(join(dataDir, 'postgres', 'data', 'PG_VERSION'), '17\n');
  const second = start(dataDir);
  await vi.waitFor(() => expect(second.state).toMatchObject({ kind: 'away' }), 10_000);
  expect(second.state).toMatchObject({
    reason: 'its files are of PostgreSQL 17, and this is 18: use pg_upgrade',
  });
});

const longName = async () =>
  join(await emptyFolder(), 'a "quoted", spaced name'.padEnd(60, '-'), 'x'.repeat(120));

test('a folder with a name longer than a socket may have is no hindrance', async () => {
  const dataDir = await longName();
  const database = start(dataDir);
  await up(database);
  const sockets = socketFolder(join(dataDir, 'postgres'), tmpdir());
  expect(await readdir(sockets)).toContain('.s.PGSQL.5432');
  await database.stop();
  await expect(readdir(sockets)).rejects.toThrow('ENOENT');
});

test('a temporary folder that was cleaned keeps no server from starting again', async () => {
  const dataDir = await longName();
  const database = start(dataDir);
  await up(database);
  await rm(socketFolder(join(dataDir, 'postgres'), tmpdir()), { recursive: true });
  process.kill(Number(await pid(dataDir)), 'SIGKILL');
  await vi.waitFor(() => expect(database.state.kind).not.toBe('up'), 10_000);
  await up(database);
});

test('a server that cannot start leaves nothing in the temporary folder either', async () => {
  const dataDir = await longName();
  const data = join(dataDir, 'postgres', 'data');
  await mkdir(data, { recursive: true });
  await writeFile(join(data, 'PG_VERSION'), '17\n');
  const database = start(dataDir);
  await vi.waitFor(() => expect(database.state).toMatchObject({ kind: 'away' }), 10_000);
  const sockets = socketFolder(join(dataDir, 'postgres'), tmpdir());
  expect(await readdir(sockets)).toEqual([]);
  await database.stop();
  await expect(readdir(sockets)).rejects.toThrow('ENOENT');
});

test('a connection of ours that the server still lists does not keep it running', async () => {
  const dataDir = await folder();
  const server = new EmbeddedPostgres({ dataDir, logger: silentLogger, sync: false });
  const ours = new Client(await server.ensure(AbortSignal.timeout(30_000)));
  ours.on('error', () => undefined);
  await ours.connect();
  await server.stop();
  expect(await pid(dataDir)).toBeUndefined();
  await ours.end().catch(() => undefined);
});

test('a link in the place of its log is not followed: the folder is another user’s, and the gateway may be root', async () => {
  const dataDir = await folder();
  const victim = join(dataDir, 'victim');
  await writeFile(victim, 'as it was');
  const log = join(dataDir, 'postgres', 'server.log');
  await rm(log, { force: true });
  await symlink(victim, log);
  const server = new EmbeddedPostgres({ dataDir, logger: silentLogger, sync: false });
  await expect(server.ensure(AbortSignal.timeout(30_000))).rejects.toMatchObject({ code: 'ELOOP' });
  await server.stop();
  expect(await readFile(victim, 'utf8')).toBe('as it was');
});

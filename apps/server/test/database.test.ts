import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TestPostgres } from '../src/database/testing/postgres.ts';
import { eventually, type Ferry, FerryProcess, isAlive, startFerry } from './support/ferry.ts';
import { form, picture, post } from './support/form.ts';

/** A first start waits for the disk, which others may keep busy. Milliseconds. */
const SLOW_DISK = 90_000;

interface Ready {
  readonly status: string;
  readonly database: { readonly kind: string; readonly reason?: string };
}

async function ready({ url }: Ferry): Promise<{ status: number; body: Ready }> {
  const response = await fetch(`${url}/health/ready`);
  return { status: response.status, body: (await response.json()) as Ready };
}

const is = (ferry: Ferry, kind: string) =>
  eventually(async () => (await ready(ferry)).body.database.kind === kind, 20_000);

async function postmaster({ process }: Ferry): Promise<number> {
  const file = join(process.folder, '.ferry', 'postgres', 'data', 'postmaster.pid');
  return Number((await readFile(file, 'utf8')).split('\n', 1)[0]);
}

test('with no configuration a PostgreSQL of its own runs, comes back after kill -9, and ends with the gateway', {
  timeout: SLOW_DISK,
}, async () => {
  await using ferry = await startFerry({ database: 'embedded' });
  expect(await is(ferry, 'up')).toBe(true);
  const first = await postmaster(ferry);
  process.kill(first, 'SIGKILL');
  await ferry.process.line(({ msg }) => msg.startsWith('The database is away: '));
  // Edits do not need it.
  expect((await post(ferry.url, form({ prompt: 'x', image: picture() }))).status).toBe(200);
  expect(await is(ferry, 'up')).toBe(true);
  const second = await postmaster(ferry);
  expect(second).not.toBe(first);
  ferry.process.kill('SIGTERM');
  expect((await ferry.process.exit()).code).toBe(0);
  expect(isAlive(second)).toBe(false);
});

test('a gateway killed with -9 leaves no PostgreSQL, and its data is there at the next start', {
  timeout: SLOW_DISK,
}, async () => {
  await using ferry = await startFerry({ database: 'embedded' });
  expect(await is(ferry, 'up')).toBe(true);
  const server = await postmaster(ferry);
  ferry.process.kill('SIGKILL');
  await ferry.process.exited;
  await using next = await startFerry({
    database: 'embedded',
    env: { FERRY_SERVER__DATA_DIR: join(ferry.process.folder, '.ferry') },
  });
  expect(await is(next, 'up')).toBe(true);
  expect(await eventually(() => !isAlive(server))).toBe(true);
});

test('two gateways on one address start at once, and a database that is away stops no edit', async () => {
  const postgres = await TestPostgres.start();
  try {
    const database = new URL(await postgres.database());
    await using pair = new AsyncDisposableStack();
    const started = await Promise.all([startFerry({ database }), startFerry({ database })]);
    for (const ferry of started) pair.use(ferry);
    for (const ferry of started) expect(await is(ferry, 'up')).toBe(true);
    await postgres[Symbol.asyncDispose]();
    for (const ferry of started) {
      expect(await is(ferry, 'away')).toBe(true);
      expect((await post(ferry.url, form({ prompt: 'x', image: picture() }))).status).toBe(200);
      // Told, but it serves.
      expect((await ready(ferry)).status).toBe(200);
    }
  } finally {
    await postgres[Symbol.asyncDispose]();
  }
});

test('a DATABASE_URL that is none stops the start without showing it', async () => {
  await using ferry = await FerryProcess.spawn({ env: { DATABASE_URL: 'mysql://u:hunter2@localhost/x' } });
  expect((await ferry.exit()).code).toBe(78);
  expect(ferry.stderr).toContain('DATABASE_URL is no address of a PostgreSQL');
  expect(ferry.stderr).not.toContain('hunter2');
});

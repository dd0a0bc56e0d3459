import { silentLogger } from '@ferry/core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { Database, type Tx } from '../database/database.ts';
import { DatabaseUnavailable } from '../database/database-unavailable.ts';
import { ExternalPostgres } from '../database/source.ts';
import { TestPostgres } from '../database/testing/postgres.ts';
import { Road } from '../database/testing/road.ts';
import { DatabaseStore } from './database-store.ts';
import { type Billing, RepeatableRequest } from './repeatable-request.ts';

let postgres: TestPostgres;
let url: string;
beforeAll(async () => {
  postgres = await TestPostgres.start();
});
afterAll(() => postgres[Symbol.asyncDispose]());
beforeEach(async () => {
  url = await postgres.database();
});

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** What one instance has. */
async function instance(address = url) {
  const source = new ExternalPostgres(address);
  const database = new Database({ source, poolSize: 3, logger: silentLogger });
  const store = new DatabaseStore(database, silentLogger);
  cleanups.push(
    () => database.stop(),
    () => store.close(),
  );
  database.start();
  store.start();
  await isUp(database);
  return { database, store };
}

const isUp = (database: Database) =>
  vi.waitFor(() => expect(database.state.kind).toBe('up'), { timeout: 15_000, interval: 10 });

const SCOPE = 'a scope';
const request = ({ store }: { readonly store: DatabaseStore }) =>
  new RepeatableRequest(
    store,
    (fingerprint) => ({ scope: SCOPE, fingerprint, first: false, lifetimeMs: 60_000 }),
    silentLogger,
    () => undefined,
  );

const options = {
  fingerprint: 'f',
  signal: AbortSignal.timeout(60_000),
  onJoin: () => undefined,
  onBilling: () => undefined,
};

/** Work that begins, and goes on when it is told to. */
function work(answer: string) {
  const begun = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  let billed = 0;
  return {
    begun: begun.promise,
    goOn: goOn.resolve,
    get billed() {
      return billed;
    },
    async run(billing: Billing): Promise<string> {
      begun.resolve();
      await goOn.promise;
      await billing.mayBegin();
      billed += 1;
      return answer;
    },
  };
}

const never = (): Promise<string> => Promise.reject(new Error('nobody should run this'));
const sql = (text: string) => postgres.query(text, new URL(url));

test('an instance that was only slow finds its place taken, bills nothing, and gives the answer of the other', async () => {
  const [slow, quick] = [await instance(), await instance()];
  const [slowWork, quickWork] = [work('slow'), work('quick')];
  const first = request(slow);
  const firstAnswer = first.once(options, slowWork.run);
  await slowWork.begun;
  await sql("update idempotent_requests set lease_until = now() - interval '1 second'");
  const secondAnswer = request(quick).once(options, quickWork.run);
  await quickWork.begun;
  slowWork.goOn();
  quickWork.goOn();
  expect(await Promise.all([firstAnswer, secondAnswer])).toEqual(['quick', 'quick']);
  expect([slowWork.billed, quickWork.billed, first.replayed]).toEqual([0, 1, true]);
});

test('a database that goes away before the work is billed stops it', async () => {
  const road = await Road.open(url);
  cleanups.push(() => road[Symbol.asyncDispose]());
  const alone = await instance(road.url);
  const held = work('never');
  const answer = request(alone).once(options, held.run);
  await held.begun;
  await road.cut();
  held.goOn();
  await expect(answer).rejects.toMatchObject({ name: 'DatabaseUnavailable' });
  expect(held.billed).toBe(0);
});

test('an answer that comes while the database is away goes out, and is kept when it is back', async () => {
  const road = await Road.open(url);
  cleanups.push(() => road[Symbol.asyncDispose]());
  const alone = await instance(road.url);
  const answer = await request(alone).once(options, async (billing) => {
    await billing.mayBegin();
    await road.cut();
    return 'made';
  });
  expect(answer).toBe('made');
  await road.mend();
  const other = await instance();
  const repeat = request(other);
  expect(await repeat.once(options, never)).toBe('made');
  expect(repeat.replayed).toBe(true);
});

test('what did nothing while the database was away is forgotten when it is back', async () => {
  const road = await Road.open(url);
  cleanups.push(() => road[Symbol.asyncDispose]());
  const alone = await instance(road.url);
  const failed = request(alone).once(options, async () => {
    await road.cut();
    throw new Error('no upload arrived');
  });
  await expect(failed).rejects.toThrow('no upload arrived');
  await road.mend();
  const other = await instance();
  expect(await request(other).once(options, async () => 'made')).toBe('made');
});

test('a lease is renewed while its instance lives', async () => {
  const alone = await instance();
  const held = work('late');
  const answer = request(alone).once(options, held.run);
  await held.begun;
  await sql("update idempotent_requests set lease_until = now() - interval '1 second'");
  // Coming up again renews at once; the timer does every 10 s.
  await sql("select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%'");
  await vi.waitFor(
    async () => {
      const rows = await sql('select lease_until > now() as leased from idempotent_requests');
      expect(rows).toEqual([{ leased: true }]);
    },
    { timeout: 15_000, interval: 50 },
  );
  held.goOn();
  expect(await answer).toBe('late');
});

test('what is past its time is removed, and its key is free', async () => {
  const alone = await instance();
  await request(alone).once(options, async () => 'old');
  await sql("update idempotent_requests set expires_at = now() - interval '1 second'");
  expect(await request(alone).once(options, async () => 'new')).toBe('new');
  expect(await alone.store.sweep()).toBe(1);
  expect(await request(alone).once(options, never)).toBe('new');
});

test('a key with another payload is refused', async () => {
  const alone = await instance();
  await request(alone).once(options, async () => 'a');
  const other = request(alone).once({ ...options, fingerprint: 'g' }, never);
  await expect(other).rejects.toMatchObject({ fields: { status: 422, code: 'idempotency_key_reused' } });
});

/** Its first commit takes place, and nobody hears of it. */
class LosesFirstCommit extends Database {
  #lost = false;

  override async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const done = await super.transaction(work);
    if (this.#lost) return done;
    this.#lost = true;
    throw new DatabaseUnavailable('it was lost', { asked: true, retryAfterMs: 1 });
  }
}

test('a claim whose commit was not heard of keeps nobody waiting: nothing runs under it', async () => {
  const source = new ExternalPostgres(url);
  const database = new LosesFirstCommit({ source, poolSize: 3, logger: silentLogger });
  const store = new DatabaseStore(database, silentLogger);
  cleanups.push(
    () => database.stop(),
    () => store.close(),
  );
  database.start();
  await isUp(database);
  const identifier = { scope: 'lost', fingerprint: 'f', first: false, lifetimeMs: 60_000 };
  await expect(store.claim(identifier)).rejects.toBeInstanceOf(DatabaseUnavailable);
  const { store: other } = await instance();
  await vi.waitFor(async () => expect(await other.claim(identifier)).toMatchObject({ kind: 'run' }));
});

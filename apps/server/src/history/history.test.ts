import { silentLogger, systemClock } from '@ferry/core';
import type { Logger } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Database } from '../database/database.ts';
import { ExternalPostgres } from '../database/source.ts';
import { TestPostgres } from '../database/testing/postgres.ts';
import { Road } from '../database/testing/road.ts';
import { RecentCalls } from '../telemetry/recent-calls.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import { History } from './history.ts';
import { HistoryStore } from './history-store.ts';
import { endedCall } from './testing.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await TestPostgres.start();
});
afterAll(() => postgres[Symbol.asyncDispose]());

const DAY_MS = 86_400_000;
const all = { operation: 'upload', limit: 500 } as const;
const keepAll = { retentionDays: 14, maxRows: 1_000 };

/** A database that is up, and the history in it. */
async function start(url?: string) {
  const source = new ExternalPostgres(url ?? (await postgres.database()));
  const database = new Database({ source, poolSize: 2, logger: silentLogger });
  const up = Promise.withResolvers<void>();
  database.onUp(() => up.resolve());
  database.start();
  await up.promise;
  return { database, store: new HistoryStore(database), [Symbol.asyncDispose]: () => database.stop() };
}

test('what is written twice counts once, and instances add to the same minute', async () => {
  await using one = await start();
  const calls = [
    endedCall({ id: 'upl_1', at: 60_000, errorTypes: ['http2_protocol_error', 'none'] }),
    endedCall({ id: 'upl_2', at: 60_001, outcome: 'failed' }),
  ];
  await one.store.write(calls);
  await one.store.write([...calls, endedCall({ id: 'upl_3', at: 60_002 })]);
  const minutes = await one.store.minutes(0);
  expect(minutes).toMatchObject([
    { at: 60_000, tally: { ok: 2, failed: 1, retries: 1, h2Attempts: 4, h2Errors: 1 } },
  ]);
  expect(minutes[0]?.tally.durations.reduce((sum, count) => sum + count)).toBe(3);
});

test('a call is read as it was written, its attempts too, and a NUL in a file name costs nobody a row', async () => {
  await using one = await start();
  await one.store.write([endedCall({ id: 'upl_1', filename: 'a\0b.jpg', errorTypes: ['503', 'none'] })]);
  const [call] = await one.store.calls(all);
  expect(call).toMatchObject({
    id: 'upl_1',
    filename: 'a\u{FFFD}b.jpg',
    state: 'ok',
    attempts: [{ error_type: '503' }, { error_type: 'none', delay_ms: 3, connection: { id: 'h2-2' } }],
  });
});

test('pages go back through the history, by what became of the calls', async () => {
  await using one = await start();
  const calls = Array.from({ length: 7 }, (_, n) =>
    endedCall({ id: `upl_${n}`, at: 1_000 + Math.floor(n / 2), outcome: n % 3 === 0 ? 'failed' : 'ok' }),
  );
  await one.store.write(calls);
  const first = await one.store.calls({ ...all, limit: 3 });
  const last = first.at(-1);
  if (last === undefined) throw new Error('three calls');
  const before = { at: last.started_at, id: last.id };
  const second = await one.store.calls({ ...all, before });
  expect([...first, ...second].map(({ id }) => id)).toEqual([6, 5, 4, 3, 2, 1, 0].map((n) => `upl_${n}`));
  expect((await one.store.calls({ ...all, after: before })).map(({ id }) => id)).toEqual(['upl_6', 'upl_5']);
  const failed = await one.store.calls({ ...all, state: 'failed' });
  expect(failed.map(({ id }) => id)).toEqual(['upl_6', 'upl_3', 'upl_0']);
});

test('what is too old, and what is too much, is removed in batches', async () => {
  await using one = await start();
  const now = 100 * DAY_MS;
  const old = Array.from({ length: 2_500 }, (_, n) => endedCall({ id: `upl_old${n}`, at: n }));
  for (let from = 0; from < old.length; from += 500) await one.store.write(old.slice(from, from + 500));
  const recent = Array.from({ length: 20 }, (_, n) => endedCall({ id: `upl_new${n}`, at: now - n * 60_000 }));
  await one.store.write(recent);
  expect(await one.store.sweep(keepAll, now)).toBe(2_500);
  expect(await one.store.calls(all)).toHaveLength(20);
  expect(await one.store.minutes(0)).toHaveLength(20);
  expect(await one.store.sweep({ ...keepAll, maxRows: 5 }, now)).toBe(15);
  expect((await one.store.calls(all)).map(({ id }) => id)).toEqual([0, 1, 2, 3, 4].map((n) => `upl_new${n}`));
});

test('while the database is away memory answers, and what waited is written when it is back', async () => {
  await using road = await Road.open(await postgres.database());
  await using one = await start(road.url);
  const telemetry = new Telemetry({ clock: systemClock, onBroken: () => undefined });
  const recent = new RecentCalls(10);
  telemetry.subscribe('recent calls', recent.hear);
  const logger = { warn: () => undefined, error: () => undefined } as unknown as Logger;
  const settings = { retention_days: 14, max_rows: 1_000 };
  const history = new History({ settings, ...one, recent, telemetry, logger });
  const happen = (id: string): void => {
    const { ended, ...call } = endedCall({ id, at: Date.now() });
    const { callId, operation, requestId, provider, origin, use } = call;
    const identity = { callId, operation, requestId, provider, origin };
    telemetry.publish({ type: 'call-started', at: ended.at, ...identity, use });
    telemetry.publish(ended);
  };
  const since = Date.now() - 60_000;

  happen('upl_1');
  expect(await history.minutes(since)).toMatchObject({ complete: true, minutes: [{ tally: { ok: 1 } }] });
  await road.cut();
  await expect.poll(() => history.state.state).toBe('away');
  happen('upl_2');
  expect(await history.minutes(since)).toMatchObject({ complete: false, minutes: [{ tally: { ok: 2 } }] });
  expect(await history.calls(all)).toMatchObject({
    complete: false,
    calls: [{ id: 'upl_2' }, { id: 'upl_1' }],
  });
  expect(history.state).toMatchObject({ state: 'away', waiting: 1, dropped: 0 });

  const back = Promise.withResolvers<void>();
  one.database.onUp(() => back.resolve());
  await road.mend();
  await back.promise;
  await history.stop();
  expect(history.state).toMatchObject({ state: 'on', waiting: 0, dropped: 0 });
  expect((await one.store.calls(all)).map(({ id }) => id).toSorted()).toEqual(['upl_1', 'upl_2']);
  expect(telemetry.subscribers).toBe(1);
});

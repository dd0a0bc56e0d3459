import { silentLogger } from '@ferry/core';
import { sql } from 'drizzle-orm';
import { expect, test, vi } from 'vitest';
import { Database, notify } from './database.ts';
import { ExternalPostgres } from './source.ts';
import { findDebianPostgres, startDebianPostgres } from './testing/debian-postgres.ts';

const bin = findDebianPostgres();

test.runIf(bin !== undefined)(
  'the same code runs on a PostgreSQL by its address, with a password',
  async () => {
    await using postgres = await startDebianPostgres(bin ?? '');
    const database = new Database({
      source: new ExternalPostgres(postgres.url),
      poolSize: 2,
      logger: silentLogger,
    });
    const heard: string[] = [];
    database.listen('news', (payload) => heard.push(payload));
    database.start();
    try {
      await vi.waitFor(() => expect(database.state.kind).toBe('up'), 20_000);
      const { rows } = await database.use((db) =>
        db.execute(sql`select count(*)::int as applied from drizzle.__drizzle_migrations`),
      );
      expect(rows[0]?.applied).toBeGreaterThan(0);
      await database.transaction(async (tx) => await notify(tx, 'news', 'here'));
      await vi.waitFor(() => expect(heard).toEqual(['here']));
    } finally {
      await database.stop();
    }
  },
);

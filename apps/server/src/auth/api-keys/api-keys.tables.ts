import { sql } from 'drizzle-orm';
import { integer, pgTable, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core';

/** API keys made while Ferry runs. A revoked one stays, so that the audit log names something. */
export const apiKeys = pgTable(
  'api_keys',
  {
    id: uuid().primaryKey().defaultRandom(),
    name: text().notNull(),
    /** SHA-256 of the key, base64url. */
    hash: text().notNull().unique(),
    /** The key's first characters. */
    hint: text().notNull(),
    requestsPerMinute: integer('requests_per_minute'),
    concurrency: integer(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    revokedAt: timestamp('revoked_at', { withTimezone: true }),
  },
  // A name may be used again once its key is revoked.
  ({ name, revokedAt }) => [uniqueIndex('api_keys_name').on(name).where(sql`${revokedAt} is null`)],
);

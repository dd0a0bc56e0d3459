import { sql } from 'drizzle-orm';
import { customType, index, integer, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';

const bytes = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
const moment = (name: string) => timestamp(name, { withTimezone: true }).notNull();

/** Requests that may come again, and what became of them. Holds no key and no prompt: scope and fingerprint are digests. */
export const idempotentRequests = pgTable(
  'idempotent_requests',
  {
    id: uuid('id').primaryKey(),
    /** Endpoint, caller and key; or endpoint, caller and fingerprint for those without a key. */
    scope: text('scope').notNull(),
    fingerprint: text('fingerprint').notNull(),
    state: text('state', { enum: ['running', 'billing', 'answered', 'unknown'] }).notNull(),
    /** Until when its instance is believed to live; meaningless once it has ended. */
    leaseUntil: moment('lease_until'),
    status: integer('status'),
    /** JSON in UTF-8; null when it was too long to keep. */
    body: bytes('body'),
    createdAt: moment('created_at').default(sql`now()`),
    expiresAt: moment('expires_at'),
  },
  (table) => [
    index('idempotent_requests_scope').on(table.scope, table.createdAt),
    index('idempotent_requests_expires_at').on(table.expiresAt),
  ],
);

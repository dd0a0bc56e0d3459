import { sql } from 'drizzle-orm';
import { index, integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

/** Files that callers have uploaded to name them in edits: which upstream has each, and whose it is. Holds no picture. */
export const uploadedFiles = pgTable(
  'uploaded_files',
  {
    /** Ours; unguessable. */
    id: text('id').primaryKey(),
    /** Who uploaded it, and alone may use it: see `callerName`. */
    caller: text('caller').notNull(),
    provider: text('provider').notNull(),
    /** Alias of the upstream's key that owns it. */
    credential: text('credential').notNull(),
    fileId: text('file_id').notNull(),
    fileUri: text('file_uri').notNull(),
    filename: text('filename').notNull(),
    bytes: integer('bytes').notNull(),
    purpose: text('purpose').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().default(sql`now()`),
    /** Null for never. */
    expiresAt: timestamp('expires_at', { withTimezone: true }),
    /** Null for never. */
    upstreamExpiresAt: timestamp('upstream_expires_at', { withTimezone: true }),
  },
  (table) => [
    index('uploaded_files_caller').on(table.caller, table.createdAt),
    index('uploaded_files_expires_at').on(table.expiresAt),
  ],
);

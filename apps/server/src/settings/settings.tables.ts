import { integer, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import type { Overrides } from './overrides.ts';
import type { SettingDiff } from './settings-diff.ts';

/** A row for each revision, never changed. `id` is the one before plus one: two that follow the same cannot both be kept. */
export const settingsRevisions = pgTable('settings_revisions', {
  id: integer().primaryKey(),
  at: timestamp({ withTimezone: true }).notNull().defaultNow(),
  who: text().notNull(),
  why: text().notNull(),
  changes: jsonb().$type<readonly SettingDiff[]>().notNull(),
  overrides: jsonb().$type<Overrides>().notNull(),
  rollbackTo: integer('rollback_to'),
});

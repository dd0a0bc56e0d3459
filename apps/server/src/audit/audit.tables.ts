import { bigint, index, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import type { AuditAction } from './audit-entry.ts';

/** Who has done what with the gateway itself. Rows are added and never changed. */
export const auditLog = pgTable(
  'audit_log',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    at: timestamp({ withTimezone: true }).notNull().defaultNow(),
    who: text().notNull(),
    address: text().notNull(),
    action: text().$type<AuditAction>().notNull(),
    target: text(),
    detail: jsonb().$type<Readonly<Record<string, unknown>>>(),
    requestId: text('request_id').notNull(),
  },
  ({ at }) => [index('audit_log_at').on(at)],
);

import { and, desc, eq, sql } from 'drizzle-orm';
import type { Tx } from '../database/database.ts';
import { idempotentRequests as table } from './idempotency.tables.ts';
import type { Outcome } from './outcome.ts';

/** The last request of a scope that is not past its time; undefined when there is none. */
export async function newestRequest(tx: Tx, scope: string) {
  const [row] = await tx
    .select({
      id: table.id,
      fingerprint: table.fingerprint,
      state: table.state,
      status: table.status,
      body: table.body,
      leased: sql<boolean>`${table.leaseUntil} > now()`,
    })
    .from(table)
    .where(and(eq(table.scope, scope), sql`${table.expiresAt} > now()`))
    .orderBy(desc(table.createdAt))
    .limit(1);
  if (row === undefined) return undefined;
  const outcome: Outcome =
    row.state === 'answered'
      ? {
          kind: 'answered',
          status: row.status ?? 200,
          body: row.body === null ? undefined : JSON.parse(row.body.toString()),
        }
      : { kind: 'unknown' };
  return { ...row, outcome };
}

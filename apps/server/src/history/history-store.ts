import { and, asc, desc, eq, gte, inArray, lt, lte, type SQL, sql } from 'drizzle-orm';
import { addTo, newTally } from '../alerts/upload-tally.ts';
import type { Database, Tx } from '../database/database.ts';
import type { CallView } from '../telemetry/call-view.ts';
import type { CallQuery } from './call-page.ts';
import { rowOf, viewOfRow } from './call-row.ts';
import type { Cursor } from './cursor.ts';
import type { EndedCall } from './ended-calls.ts';
import { callHistory, uploadMinutes } from './history.tables.ts';
import { type Minute, tallyMinutes } from './minute.ts';

/** Rows that one statement removes: short enough for nobody to wait for it. */
const SWEEP_BATCH = 1_000;
/** Batches of one sweep; the next one goes on. */
const SWEEP_BATCHES = 100;

export interface Retention {
  readonly retentionDays: number;
  readonly maxRows: number;
}

/** The history of all instances, in the database. Everything throws `DatabaseUnavailable` while that is away. */
export class HistoryStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Writes calls and what they add to their minutes, all or nothing. What was written before is written once. */
  async write(calls: readonly EndedCall[]): Promise<void> {
    await this.#database.transaction(async (tx) => {
      const written = await tx
        .insert(callHistory)
        .values(calls.map(rowOf))
        .onConflictDoNothing()
        .returning({ id: callHistory.id });
      const fresh = new Set(written.map(({ id }) => id));
      // In order of time: instances that write the same minutes take turns and never wait for each other in a ring.
      for (const minute of tallyMinutes(calls.filter(({ callId }) => fresh.has(callId)))) {
        await addMinute(tx, minute);
      }
    });
  }

  /** Newest first. */
  async calls({ operation, state, limit, before, after }: CallQuery): Promise<CallView[]> {
    if (state === 'running') return [];
    const rows = await this.#database.use((db) =>
      db
        .select()
        .from(callHistory)
        .where(
          and(
            eq(callHistory.operation, operation),
            state === undefined ? undefined : eq(callHistory.outcome, state),
            before === undefined ? undefined : sql`${place} < ${placeOf(before)}`,
            after === undefined ? undefined : sql`${place} > ${placeOf(after)}`,
          ),
        )
        .orderBy(
          ...(after === undefined
            ? [desc(callHistory.startedAt), desc(callHistory.id)]
            : [asc(callHistory.startedAt), asc(callHistory.id)]),
        )
        .limit(limit),
    );
    const views = rows.map(viewOfRow);
    return after === undefined ? views : views.reverse();
  }

  /** In order of time. @param from milliseconds since the Unix epoch. */
  async minutes(from: number): Promise<Minute[]> {
    const rows = await this.#database.use((db) =>
      db
        .select()
        .from(uploadMinutes)
        .where(gte(uploadMinutes.minute, new Date(from)))
        .orderBy(uploadMinutes.minute),
    );
    return rows.map(({ minute, ...counted }) => {
      const tally = newTally();
      // Another version's buckets may be more or fewer.
      addTo(tally, { ...counted, durations: counted.durations.slice(0, tally.durations.length) });
      return { at: minute.getTime(), tally };
    });
  }

  /** Removes what is past its time or beyond the number that is kept, in small batches; gives how many calls. */
  async sweep({ retentionDays, maxRows }: Retention, now: number): Promise<number> {
    const oldest = new Date(now - retentionDays * 86_400_000);
    await this.#database.use((db) => db.delete(uploadMinutes).where(lt(uploadMinutes.minute, oldest)));
    let removed = await this.#remove(lt(callHistory.startedAt, oldest));
    const [beyond] = await this.#database.use((db) =>
      db
        .select({ at: callHistory.startedAt })
        .from(callHistory)
        .orderBy(desc(callHistory.startedAt))
        .offset(maxRows)
        .limit(1),
    );
    if (beyond !== undefined) removed += await this.#remove(lte(callHistory.startedAt, beyond.at));
    return removed;
  }

  async #remove(which: SQL): Promise<number> {
    let removed = 0;
    for (let batch = 0; batch < SWEEP_BATCHES; batch += 1) {
      const gone = await this.#database.use((db) =>
        db
          .delete(callHistory)
          .where(
            inArray(
              callHistory.id,
              db
                .select({ id: callHistory.id })
                .from(callHistory)
                .where(which)
                .orderBy(callHistory.startedAt)
                .limit(SWEEP_BATCH),
            ),
          )
          .returning({ id: callHistory.id }),
      );
      removed += gone.length;
      if (gone.length < SWEEP_BATCH) break;
    }
    return removed;
  }
}

const place = sql`(${callHistory.startedAt}, ${callHistory.id})`;
const placeOf = ({ at, id }: Cursor): SQL => sql`(${new Date(at).toISOString()}::timestamptz, ${id})`;

async function addMinute(tx: Tx, { at, tally }: Minute): Promise<void> {
  const { minute, ok, failed, retries, h2Attempts, h2Errors, durations } = uploadMinutes;
  await tx
    .insert(uploadMinutes)
    .values({ minute: new Date(at), ...tally, durations: [...tally.durations] })
    .onConflictDoUpdate({
      target: minute,
      set: {
        ok: sql`${ok} + excluded.ok`,
        failed: sql`${failed} + excluded.failed`,
        retries: sql`${retries} + excluded.retries`,
        h2Attempts: sql`${h2Attempts} + excluded.h2_attempts`,
        h2Errors: sql`${h2Errors} + excluded.h2_errors`,
        durations: sql`array(select coalesce(a, 0) + coalesce(b, 0)
          from unnest(${durations}, excluded.durations) with ordinality as sums(a, b, place) order by place)`,
      },
    });
}

import { asc, desc, eq, gt, lt } from 'drizzle-orm';
import { type Database, notify, type Tx } from '../database/database.ts';
import type { NewRevision, Revision } from './revision.ts';
import { settingsRevisions } from './settings.tables.ts';

const CHANNEL = 'ferry_settings';

/** The revisions of all instances, in the database. Everything throws `DatabaseUnavailable` while that is away. */
export class SettingsHistory {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async latest(): Promise<Revision | undefined> {
    const [row] = await this.#database.use((db) =>
      db.select().from(settingsRevisions).orderBy(desc(settingsRevisions.id)).limit(1),
    );
    return row && revisionOf(row);
  }

  async find(id: number): Promise<Revision | undefined> {
    const [row] = await this.#database.use((db) =>
      db.select().from(settingsRevisions).where(eq(settingsRevisions.id, id)),
    );
    return row && revisionOf(row);
  }

  /** The newest first. @param before only those with a smaller number. */
  async list({
    before,
    limit,
  }: {
    readonly before: number | undefined;
    readonly limit: number;
  }): Promise<Revision[]> {
    const rows = await this.#database.use((db) =>
      db
        .select()
        .from(settingsRevisions)
        .where(before === undefined ? undefined : lt(settingsRevisions.id, before))
        .orderBy(desc(settingsRevisions.id))
        .limit(limit),
    );
    return rows.map(revisionOf);
  }

  /** What followed a revision, the oldest first, at most `limit`. */
  async since(id: number, limit: number): Promise<Revision[]> {
    const rows = await this.#database.use((db) =>
      db
        .select()
        .from(settingsRevisions)
        .where(gt(settingsRevisions.id, id))
        .orderBy(asc(settingsRevisions.id))
        .limit(limit),
    );
    return rows.map(revisionOf);
  }

  /**
   * Keeps what follows the revision `parent`, and tells every instance. Undefined when another one follows it already.
   * @param also is kept with it, or neither is.
   */
  append(
    parent: number,
    revision: NewRevision,
    also?: (tx: Tx, kept: Revision) => Promise<void>,
  ): Promise<Revision | undefined> {
    return this.#database.transaction(async (tx) => {
      const [row] = await tx
        .insert(settingsRevisions)
        .values({ id: parent + 1, ...revision })
        .onConflictDoNothing()
        .returning();
      if (row === undefined) return undefined;
      const kept = revisionOf(row);
      await also?.(tx, kept);
      await notify(tx, CHANNEL, String(row.id));
      return kept;
    });
  }

  /**
   * Calls `listener` when there may be a new revision: when an instance has made one, and whenever the database has come up,
   * since what was said before is lost. The returned function ends it.
   */
  onNews(listener: () => void): () => void {
    const ends = [this.#database.listen(CHANNEL, listener), this.#database.onUp(listener)];
    return () => {
      for (const end of ends) end();
    };
  }
}

function revisionOf({ rollbackTo, ...row }: typeof settingsRevisions.$inferSelect): Revision {
  return rollbackTo === null ? row : { ...row, rollbackTo };
}

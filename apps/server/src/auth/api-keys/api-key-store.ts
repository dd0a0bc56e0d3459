import { and, desc, eq, isNull } from 'drizzle-orm';
import type { Audit } from '../../audit/audit.ts';
import type { Actor } from '../../audit/audit-entry.ts';
import { type Database, notify } from '../../database/database.ts';
import { newApiKey } from './api-key.ts';
import { apiKeys } from './api-keys.tables.ts';

/** Where every instance hears that keys were made or revoked. */
export const API_KEYS_CHANNEL = 'api_keys';

export type StoredApiKey = typeof apiKeys.$inferSelect;

export interface ApiKeyRequest {
  readonly name: string;
  readonly requestsPerMinute?: number | undefined;
  readonly concurrency?: number | undefined;
}

/** The keys of the database. Each change is one transaction with its entry in the audit log. */
export class ApiKeyStore {
  readonly #database: Database;
  readonly #audit: Audit;

  constructor(database: Database, audit: Audit) {
    this.#database = database;
    this.#audit = audit;
  }

  /** Revoked ones too, the latest first. */
  async list(): Promise<StoredApiKey[]> {
    return await this.#database.use((db) => db.select().from(apiKeys).orderBy(desc(apiKeys.createdAt)));
  }

  /** Those that open the API. */
  async valid(): Promise<StoredApiKey[]> {
    return await this.#database.use((db) => db.select().from(apiKeys).where(isNull(apiKeys.revokedAt)));
  }

  /**
   * @returns the new key, for the only time; undefined when another one has the name.
   * @throws DatabaseUnavailable
   */
  async create(
    { name, requestsPerMinute, concurrency }: ApiKeyRequest,
    actor: Actor,
  ): Promise<{ readonly key: string; readonly stored: StoredApiKey } | undefined> {
    const { key, hash, hint } = newApiKey();
    const stored = await this.#database.transaction(async (tx) => {
      const [row] = await tx
        .insert(apiKeys)
        .values({ name, hash, hint, requestsPerMinute, concurrency })
        .onConflictDoNothing()
        .returning();
      if (row === undefined) return undefined;
      await this.#audit.record(tx, actor, {
        action: 'api-key.created',
        target: name,
        detail: { id: row.id },
      });
      await notify(tx, API_KEYS_CHANNEL, row.id);
      return row;
    });
    return stored === undefined ? undefined : { key, stored };
  }

  /**
   * @returns whether there was such a key that was not revoked.
   * @throws DatabaseUnavailable
   */
  async revoke(id: string, actor: Actor): Promise<boolean> {
    return await this.#database.transaction(async (tx) => {
      const [row] = await tx
        .update(apiKeys)
        .set({ revokedAt: new Date() })
        .where(and(eq(apiKeys.id, id), isNull(apiKeys.revokedAt)))
        .returning({ name: apiKeys.name });
      if (row === undefined) return false;
      await this.#audit.record(tx, actor, { action: 'api-key.revoked', target: row.name, detail: { id } });
      await notify(tx, API_KEYS_CHANNEL, id);
      return true;
    });
  }
}

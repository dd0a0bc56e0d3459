import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { and, desc, eq, isNull } from 'drizzle-orm';
import type { Logger } from 'pino';
import { Audit } from '../../audit/audit.ts';
import type { Actor } from '../../audit/audit-entry.ts';
import { Database, notify } from '../../database/database.ts';
import { LOGGER } from '../../logging/logging.module.ts';
import { Door } from '../door.ts';
import { newApiKey } from './api-key.ts';
import { apiKeys } from './api-keys.tables.ts';

const CHANNEL = 'api_keys';

export type StoredApiKey = typeof apiKeys.$inferSelect;

export interface ApiKeyRequest {
  readonly name: string;
  readonly requestsPerMinute?: number | undefined;
  readonly concurrency?: number | undefined;
}

/** The keys of the database, and the ring of keys at the door that follows them on every instance. */
@Injectable()
export class ApiKeys implements OnModuleInit, OnModuleDestroy {
  readonly #stops: (() => void)[] = [];
  #reading: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly database: Database,
    private readonly door: Door,
    private readonly audit: Audit,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    const read = (): void => void this.refresh().catch((error) => this.#failed(error));
    this.#stops.push(this.database.onUp(read), this.database.listen(CHANNEL, read));
  }

  onModuleDestroy(): void {
    for (const stop of this.#stops) stop();
  }

  /**
   * Brings the door what the database says now. One after another, so that an older answer never replaces a newer one.
   * @returns how many there are that are not revoked.
   * @throws DatabaseUnavailable
   */
  refresh(): Promise<number> {
    const next = this.#reading.catch(() => undefined).then(() => this.#read());
    this.#reading = next;
    return next;
  }

  /** Revoked ones too, the latest first. */
  async list(): Promise<StoredApiKey[]> {
    return await this.database.use((db) => db.select().from(apiKeys).orderBy(desc(apiKeys.createdAt)));
  }

  /**
   * @returns the new key, for the only time; undefined when another key has the name.
   * @throws DatabaseUnavailable
   */
  async create(
    { name, requestsPerMinute, concurrency }: ApiKeyRequest,
    actor: Actor,
  ): Promise<{ readonly key: string; readonly stored: StoredApiKey } | undefined> {
    if (this.door.apiKeys.configured().some((configured) => configured.name === name)) return undefined;
    const { key, hash, hint } = newApiKey();
    const stored = await this.database.transaction(async (tx) => {
      const [row] = await tx
        .insert(apiKeys)
        .values({ name, hash, hint, requestsPerMinute, concurrency })
        .onConflictDoNothing()
        .returning();
      if (row === undefined) return undefined;
      await this.audit.record(tx, actor, { action: 'api-key.created', target: name, detail: { id: row.id } });
      await notify(tx, CHANNEL, row.id);
      return row;
    });
    if (stored === undefined) return undefined;
    // The notification would do, a moment later; who made a key wants to use it now.
    await this.refresh();
    return { key, stored };
  }

  /**
   * From now on the key opens nothing: here at once, at other instances within moments.
   * @returns whether there was such a key that was not revoked.
   * @throws DatabaseUnavailable
   */
  async revoke(id: string, actor: Actor): Promise<boolean> {
    const revoked = await this.database.transaction(async (tx) => {
      const [row] = await tx
        .update(apiKeys)
        .set({ revokedAt: new Date() })
        .where(and(eq(apiKeys.id, id), isNull(apiKeys.revokedAt)))
        .returning({ name: apiKeys.name });
      if (row === undefined) return false;
      await this.audit.record(tx, actor, { action: 'api-key.revoked', target: row.name, detail: { id } });
      await notify(tx, CHANNEL, id);
      return true;
    });
    if (revoked) await this.refresh();
    return revoked;
  }

  async #read(): Promise<number> {
    const rows = await this.database.use((db) => db.select().from(apiKeys).where(isNull(apiKeys.revokedAt)));
    this.door.apiKeys.replaceStored(
      new Map(
        rows.map(({ id, name, hash, requestsPerMinute, concurrency }) => [
          hash,
          {
            id,
            name,
            requestsPerMinute: requestsPerMinute ?? undefined,
            concurrency: concurrency ?? undefined,
          },
        ]),
      ),
    );
    return rows.length;
  }

  #failed(error: unknown): void {
    this.logger.warn({ err: error }, 'The API keys could not be read; those known go on working');
  }
}

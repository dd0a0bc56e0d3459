import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { Audit } from '../../audit/audit.ts';
import type { Actor } from '../../audit/audit-entry.ts';
import { Database } from '../../database/database.ts';
import { LOGGER } from '../../logging/logging.module.ts';
import { Door } from '../door.ts';
import { API_KEYS_CHANNEL, type ApiKeyRequest, ApiKeyStore, type StoredApiKey } from './api-key-store.ts';

/** The keys of the database as this gateway keeps them: the ring at its door follows them, whoever changes them. */
@Injectable()
export class ApiKeys implements OnModuleInit, OnModuleDestroy {
  readonly #store: ApiKeyStore;
  readonly #stops: (() => void)[] = [];
  #reading: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly database: Database,
    private readonly door: Door,
    audit: Audit,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.#store = new ApiKeyStore(database, audit);
  }

  onModuleInit(): void {
    const read = (): void => void this.refresh().catch((error) => this.#failed(error));
    this.#stops.push(this.database.onUp(read), this.database.listen(API_KEYS_CHANNEL, read));
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
    return await this.#store.list();
  }

  /**
   * @returns the new key, for the only time; undefined when another key has the name.
   * @throws DatabaseUnavailable
   */
  async create(request: ApiKeyRequest, actor: Actor): ReturnType<ApiKeyStore['create']> {
    if (this.door.apiKeys.configured().some(({ name }) => name === request.name)) return undefined;
    const made = await this.#store.create(request, actor);
    // The notification would do, a moment later; who made a key wants to use it now.
    if (made !== undefined) await this.refresh();
    return made;
  }

  /**
   * From now on the key opens nothing: here at once, at other instances within moments.
   * @returns whether there was such a key that was not revoked.
   * @throws DatabaseUnavailable
   */
  async revoke(id: string, actor: Actor): Promise<boolean> {
    const revoked = await this.#store.revoke(id, actor);
    if (revoked) await this.refresh();
    return revoked;
  }

  async #read(): Promise<number> {
    const rows = await this.#store.valid();
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

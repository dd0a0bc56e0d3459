import type { LoadedConfig } from '../../config/load.ts';
import { type ApiKey, type ApiKeySource, hashApiKey } from './api-key.ts';

/**
 * The keys that open the API: those of the configuration, and those of the database as far as it was read last. In memory,
 * so that no request waits for the database, and a database that is away locks nobody out.
 */
export class ApiKeyRing implements ApiKeySource {
  readonly #configured: ReadonlyMap<string, ApiKey>;
  #stored: ReadonlyMap<string, ApiKey> = new Map();

  constructor(configured: ReadonlyMap<string, ApiKey>) {
    this.#configured = configured;
  }

  find(hash: string): ApiKey | undefined {
    return this.#configured.get(hash) ?? this.#stored.get(hash);
  }

  get size(): number {
    return this.#configured.size + this.#stored.size;
  }

  configured(): ApiKey[] {
    return [...this.#configured.values()];
  }

  /** Puts these, by their hash, in the place of all that were stored before. */
  replaceStored(keys: ReadonlyMap<string, ApiKey>): void {
    this.#stored = keys;
  }
}

/** The keys that the configuration names, by hash. */
export function configuredKeys({ config, secrets }: LoadedConfig): Map<string, ApiKey> {
  return new Map(
    config.api_key.map(({ name, key, requests_per_minute, concurrency }) => [
      hashApiKey(secrets.read(key)),
      { id: `config:${name}`, name, requestsPerMinute: requests_per_minute, concurrency },
    ]),
  );
}

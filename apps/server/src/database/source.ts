import type { ClientConfig } from 'pg';

/** Where the database comes from. */
export interface DatabaseSource {
  /** In words for the log, without address. */
  readonly name: string;
  /**
   * How to reach it, once there is something to reach: the embedded server is started for it.
   * @throws Error that says why there is none, in words that may be shown.
   */
  ensure(signal: AbortSignal): Promise<ClientConfig>;
  /** Ends what `ensure` started. Idempotent. */
  stop(): Promise<void>;
}

/** A PostgreSQL that somebody else runs. */
export class ExternalPostgres implements DatabaseSource {
  readonly name = 'PostgreSQL';
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async ensure(): Promise<ClientConfig> {
    return { connectionString: this.#url };
  }

  async stop(): Promise<void> {
    // It is not ours.
  }
}

import { resolve } from 'node:path';
import {
  Global,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { Logger } from 'pino';
import { CONFIG, SECRETS } from '../config/config.module.ts';
import type { Config } from '../config/schema.ts';
import type { Secrets } from '../config/secrets.ts';
import { LOGGER } from '../logging/logging.module.ts';
import { Database } from './database.ts';
import { EmbeddedPostgres } from './embedded/embedded-postgres.ts';
import { type DatabaseSource, ExternalPostgres } from './source.ts';

/** The database, for every feature. It begins to connect when the application is composed; nothing waits for it. */
@Global()
@Module({
  providers: [
    {
      provide: Database,
      inject: [CONFIG, SECRETS, LOGGER],
      useFactory: (config: Config, secrets: Secrets, logger: Logger) =>
        new Database({
          source: sourceOf(config, secrets, logger),
          poolSize: config.database.pool_size,
          logger,
        }),
    },
  ],
  exports: [Database],
})
export class DatabaseModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(@Inject(Database) private readonly database: Database) {}

  onApplicationBootstrap(): void {
    this.database.start();
  }

  /** After the last request: they may still need it. */
  async onApplicationShutdown(): Promise<void> {
    await this.database.stop();
  }
}

function sourceOf(
  { database, server }: Config,
  secrets: Secrets,
  logger: Logger,
): DatabaseSource | undefined {
  if (secrets.databaseUrl !== undefined) return new ExternalPostgres(secrets.databaseUrl);
  if (!database.embedded) return undefined;
  return new EmbeddedPostgres({ dataDir: resolve(server.data_dir), logger });
}

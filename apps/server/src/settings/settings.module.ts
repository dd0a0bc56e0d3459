import { resolve } from 'node:path';
import {
  Global,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import type { Logger } from 'pino';
import { CONFIG, SECRETS } from '../config/config.module.ts';
import type { Config } from '../config/schema.ts';
import type { Secrets } from '../config/secrets.ts';
import { Database } from '../database/database.ts';
import { LOGGER } from '../logging/logging.module.ts';
import { LastKnown } from './last-known.ts';
import { RuntimeSettings } from './runtime-settings.ts';
import { SettingsService } from './settings.service.ts';
import { SettingsHistory } from './settings-history.ts';

/** A database that is there answers sooner; one that is away must not keep Ferry from serving. */
const FIRST_READING_MS = 2_000;

/** The settings of this moment, for every feature. Those last known are in effect before any feature starts. */
@Global()
@Module({
  providers: [
    {
      provide: RuntimeSettings,
      inject: [CONFIG, LOGGER],
      useFactory: (config: Config, logger: Logger) => new RuntimeSettings(config, logger),
    },
    {
      provide: SettingsHistory,
      inject: [Database],
      useFactory: (database: Database) => new SettingsHistory(database),
    },
    {
      provide: SettingsService,
      inject: [CONFIG, RuntimeSettings, SettingsHistory, LOGGER],
      useFactory: (started: Config, runtime: RuntimeSettings, history: SettingsHistory, logger: Logger) =>
        new SettingsService({
          started,
          runtime,
          history,
          lastKnown: new LastKnown(resolve(started.server.data_dir)),
          logger,
        }),
    },
  ],
  exports: [RuntimeSettings, SettingsHistory, SettingsService],
})
export class SettingsModule implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly service: SettingsService,
    private readonly database: Database,
    @Inject(SECRETS) private readonly secrets: Secrets,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.service.start();
  }

  /**
   * An instance that knows no settings yet, beside others that do: it reads them before it serves, lest its first requests go
   * by what was rolled back.
   */
  async onApplicationBootstrap(): Promise<void> {
    if (this.secrets.databaseUrl === undefined || this.service.state.origin !== 'configuration') return;
    this.database.start();
    await this.service.read(FIRST_READING_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.service.stop();
  }
}

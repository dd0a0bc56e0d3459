import { resolve } from 'node:path';
import { Global, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { CONFIG } from '../config/config.module.ts';
import type { Config } from '../config/schema.ts';
import { Database } from '../database/database.ts';
import { LOGGER } from '../logging/logging.module.ts';
import { LastKnown } from './last-known.ts';
import { RuntimeSettings } from './runtime-settings.ts';
import { SettingsService } from './settings.service.ts';
import { SettingsHistory } from './settings-history.ts';

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
export class SettingsModule implements OnModuleInit, OnApplicationShutdown {
  constructor(private readonly service: SettingsService) {}

  async onModuleInit(): Promise<void> {
    await this.service.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.service.stop();
  }
}

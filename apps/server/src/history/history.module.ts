import { Global, Inject, Module, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { CONFIG } from '../config/config.module.ts';
import type { Config } from '../config/schema.ts';
import { Database } from '../database/database.ts';
import { LOGGER } from '../logging/logging.module.ts';
import { RecentCalls } from '../telemetry/recent-calls.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import { History } from './history.ts';
import { HistoryStore } from './history-store.ts';
import { UploadsController } from './uploads.controller.ts';

@Global()
@Module({
  controllers: [UploadsController],
  providers: [
    {
      provide: History,
      inject: [CONFIG, Database, RecentCalls, Telemetry, LOGGER],
      useFactory: (
        config: Config,
        database: Database,
        recent: RecentCalls,
        telemetry: Telemetry,
        logger: Logger,
      ) =>
        new History({
          settings: config.history,
          database,
          store: new HistoryStore(database),
          recent,
          telemetry,
          logger,
        }),
    },
  ],
  exports: [History],
})
export class HistoryModule implements OnModuleInit, OnApplicationBootstrap {
  constructor(
    @Inject(History) private readonly history: History,
    private readonly host: HttpAdapterHost<FastifyAdapter>,
  ) {}

  /** After the last answer, before the database goes. */
  onModuleInit(): void {
    this.host.httpAdapter.getInstance().addHook('onClose', async () => await this.history.stop());
  }

  onApplicationBootstrap(): void {
    this.history.start();
  }
}

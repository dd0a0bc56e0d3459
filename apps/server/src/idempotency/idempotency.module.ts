import { Global, Inject, Module, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { CONFIG } from '../config/config.module.ts';
import type { Config } from '../config/schema.ts';
import { Database } from '../database/database.ts';
import { LOGGER } from '../logging/logging.module.ts';
import { Idempotency } from './idempotency.ts';

@Global()
@Module({
  providers: [
    {
      provide: Idempotency,
      inject: [CONFIG, Database, LOGGER],
      useFactory: (config: Config, database: Database, logger: Logger) =>
        new Idempotency(config.idempotency, database, logger),
    },
  ],
  exports: [Idempotency],
})
export class IdempotencyModule implements OnModuleInit, OnApplicationBootstrap {
  constructor(
    @Inject(Idempotency) private readonly idempotency: Idempotency,
    private readonly host: HttpAdapterHost<FastifyAdapter>,
  ) {}

  /** After the last answer, before the upstreams and the database go: an edit may still run whose caller has left. */
  onModuleInit(): void {
    this.host.httpAdapter.getInstance().addHook('onClose', async () => await this.idempotency.stop());
  }

  onApplicationBootstrap(): void {
    this.idempotency.start();
  }
}

import { type DynamicModule, Global, Module } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import type { Logger } from 'pino';

/** The root logger, for what is not about a request. */
export const LOGGER = Symbol('LOGGER');

@Global()
@Module({})
class LoggingModule {}

/** Nest's own lines and ours go through one logger; within a request they carry its id (nestjs-pino). */
export const loggingModule = (logger: Logger): DynamicModule => ({
  module: LoggingModule,
  imports: [LoggerModule.forRoot({ pinoHttp: { logger }, useExisting: true })],
  providers: [{ provide: LOGGER, useValue: logger }],
  exports: [LOGGER],
});

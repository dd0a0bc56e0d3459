import { Global, Module } from '@nestjs/common';
import type { Logger } from 'pino';
import { CONFIG } from '../config/config.module.ts';
import type { Config } from '../config/schema.ts';
import { LOGGER } from '../logging/logging.module.ts';
import { RuntimeSettings } from './runtime-settings.ts';

@Global()
@Module({
  providers: [
    {
      provide: RuntimeSettings,
      inject: [CONFIG, LOGGER],
      useFactory: (config: Config, logger: Logger) => new RuntimeSettings(config, logger),
    },
  ],
  exports: [RuntimeSettings],
})
export class SettingsModule {}

import { type DynamicModule, Global, Module } from '@nestjs/common';
import type { LoadedConfig } from './load.ts';

/** The validated configuration. */
export const CONFIG = Symbol('CONFIG');
/** The secrets its references stand for. */
export const SECRETS = Symbol('SECRETS');

@Global()
@Module({})
class ConfigModule {}

export const configModule = ({ config, secrets }: LoadedConfig): DynamicModule => ({
  module: ConfigModule,
  providers: [
    { provide: CONFIG, useValue: config },
    { provide: SECRETS, useValue: secrets },
  ],
  exports: [CONFIG, SECRETS],
});

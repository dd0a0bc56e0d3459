import { type DynamicModule, Global, Module } from '@nestjs/common';
import type { LoadedConfig } from './load.ts';

/** The validated configuration. */
export const CONFIG = Symbol('CONFIG');
/** The secrets its references stand for. */
export const SECRETS = Symbol('SECRETS');

/** Where keys that are not at their default were set, by `section.key`. */
export const SOURCES = Symbol('SOURCES');

@Global()
@Module({})
class ConfigModule {}

export const configModule = ({ config, secrets, sources }: LoadedConfig): DynamicModule => ({
  module: ConfigModule,
  providers: [
    { provide: CONFIG, useValue: config },
    { provide: SECRETS, useValue: secrets },
    { provide: SOURCES, useValue: sources },
  ],
  exports: [CONFIG, SECRETS, SOURCES],
});

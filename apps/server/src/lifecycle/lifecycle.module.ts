import { type DynamicModule, Global, Module } from '@nestjs/common';
import { ShutdownSignal } from './shutdown-signal.ts';

@Global()
@Module({})
class LifecycleModule {}

/** When the process is about to stop, for everybody. */
export const lifecycleModule = (shutdown: ShutdownSignal): DynamicModule => ({
  module: LifecycleModule,
  providers: [{ provide: ShutdownSignal, useValue: shutdown }],
  exports: [ShutdownSignal],
});

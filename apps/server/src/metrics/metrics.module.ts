import { Global, Module } from '@nestjs/common';
import { MetricsController } from './metrics.controller.ts';
import { OpenTelemetry } from './open-telemetry.ts';

@Global()
@Module({
  controllers: [MetricsController],
  providers: [OpenTelemetry],
  exports: [OpenTelemetry],
})
export class MetricsModule {}

import { Controller, Get, Header } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { OpenTelemetry } from './open-telemetry.ts';

@ApiTags('operations')
@Controller('metrics')
export class MetricsController {
  constructor(private readonly openTelemetry: OpenTelemetry) {}

  @Get()
  @ApiOperation({ summary: 'All metrics, for Prometheus' })
  @ApiProduces('text/plain')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  async scrape(): Promise<string> {
    return await this.openTelemetry.scrape();
  }
}

import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { type AlertView, alertView, type FiguresView, figuresView } from './alert-view.ts';
import { Alerts } from './alerts.ts';

@ApiTags('operations')
@Controller('api/v1/admin/alerts')
export class AlertsController {
  constructor(private readonly alerts: Alerts) {}

  @Get()
  @ApiOperation({ summary: 'The alert rules with their state, and the figures they are about' })
  list(): { readonly data: readonly AlertView[]; readonly figures: FiguresView } {
    const { watch } = this.alerts;
    return { data: watch.list().map(alertView), figures: figuresView(watch.figures()) };
  }
}

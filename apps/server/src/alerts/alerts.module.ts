import { Module } from '@nestjs/common';
import { AlertsController } from './alerts.controller.ts';
import { Alerts } from './alerts.ts';

@Module({ controllers: [AlertsController], providers: [Alerts], exports: [Alerts] })
export class AlertsModule {}

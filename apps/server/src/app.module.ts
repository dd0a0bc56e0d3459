import { type DynamicModule, Module } from '@nestjs/common';
import type { Logger } from 'pino';
import { Admission } from './admission/admission.ts';
import { ProviderPlaces } from './admission/provider-places.ts';
import { WatchedLines } from './admission/watched-lines.ts';
import { AlertsModule } from './alerts/alerts.module.ts';
import { AuditModule } from './audit/audit.module.ts';
import { authModule } from './auth/auth.module.ts';
import type { Door } from './auth/door.ts';
import { configModule } from './config/config.module.ts';
import type { LoadedConfig } from './config/load.ts';
import { CONSOLE_PAGE, ConsoleController } from './console/console.controller.ts';
import { ConsoleInfoController } from './console/console-info.controller.ts';
import type { ConsolePage } from './console/console-page.ts';
import { DatabaseModule } from './database/database.module.ts';
import { DrillController } from './drill/drill.controller.ts';
import { Drills } from './drill/drills.ts';
import { FileUploads } from './files/file-uploads.ts';
import { FilesController } from './files/files.controller.ts';
import { UploadedFiles } from './files/uploaded-files.ts';
import { HealthController } from './health/health.controller.ts';
import { HistoryModule } from './history/history.module.ts';
import { IdempotencyModule } from './idempotency/idempotency.module.ts';
import { Editing } from './img2img/editing.ts';
import { ImageEdits } from './img2img/image-edits.ts';
import { ImageIntakes } from './img2img/image-intake.ts';
import { ImageRequests } from './img2img/image-requests.ts';
import { Img2ImgController } from './img2img/img2img.controller.ts';
import { ResultImages } from './img2img/result-images.ts';
import { UploadSlots } from './img2img/upload-slots.ts';
import { lifecycleModule } from './lifecycle/lifecycle.module.ts';
import type { ShutdownSignal } from './lifecycle/shutdown-signal.ts';
import { loggingModule } from './logging/logging.module.ts';
import { MetricsModule } from './metrics/metrics.module.ts';
import { EditsController } from './openai/edits.controller.ts';
import { ModelsController } from './openai/models.controller.ts';
import { Upstreams } from './providers/upstreams.ts';
import { SettingsController } from './settings/settings.controller.ts';
import { SettingsModule } from './settings/settings.module.ts';
import { StatusController } from './status/status.controller.ts';
import { StorageModule } from './storage/storage.module.ts';
import { TelemetryModule } from './telemetry/telemetry.module.ts';

export interface AppParts {
  readonly loaded: LoadedConfig;
  readonly logger: Logger;
  readonly shutdown: ShutdownSignal;
  readonly page: ConsolePage;
  readonly door: Door;
}

@Module({
  imports: [
    AlertsModule,
    AuditModule,
    DatabaseModule,
    HistoryModule,
    IdempotencyModule,
    MetricsModule,
    SettingsModule,
    StorageModule,
    TelemetryModule,
  ],
  controllers: [
    Img2ImgController,
    ConsoleController,
    ConsoleInfoController,
    DrillController,
    HealthController,
    EditsController,
    FilesController,
    ModelsController,
    SettingsController,
    StatusController,
  ],
  providers: [
    Upstreams,
    Admission,
    ProviderPlaces,
    WatchedLines,
    ImageRequests,
    ImageIntakes,
    ImageEdits,
    FileUploads,
    UploadedFiles,
    UploadSlots,
    Editing,
    ResultImages,
    Drills,
  ],
})
class AppModule {}

/** The gateway, composed from one validated configuration. */
export const appModule = ({ loaded, logger, shutdown, page, door }: AppParts): DynamicModule => ({
  module: AppModule,
  imports: [configModule(loaded), loggingModule(logger), lifecycleModule(shutdown), authModule(door)],
  providers: [{ provide: CONSOLE_PAGE, useValue: page }],
});

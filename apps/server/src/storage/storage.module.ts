import { join, resolve } from 'node:path';
import { removeAbandonedSpools } from '@ferry/core';
import { Global, Inject, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { CONFIG } from '../config/config.module.ts';
import type { Config } from '../config/schema.ts';
import { spoolDirectory } from '../transport/client-settings.ts';
import { ImageStore } from './image-store.ts';
import { ImagesController } from './images.controller.ts';

/** No request lasts so long, whatever deadline another gateway that shares the folder has. Milliseconds. */
const SPOOL_MAX_AGE_MS = 2 * 3_600_000;

@Global()
@Module({
  controllers: [ImagesController],
  providers: [
    {
      provide: ImageStore,
      inject: [CONFIG],
      useFactory: async ({ server, storage }: Config) => {
        const store = new ImageStore(resolve(server.data_dir, 'images'), storage.image_lifetime_s * 1_000);
        await store.prepare();
        return store;
      },
    },
  ],
  exports: [ImageStore],
})
export class StorageModule implements OnModuleInit, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly store: ImageStore,
    private readonly logger: PinoLogger,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.sweep();
    // Unreferenced: sweeping is no reason to stay alive.
    this.#timer = setInterval(() => void this.sweep(), this.config.storage.sweep_interval_s * 1_000).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  private async sweep(): Promise<void> {
    await Promise.all([this.sweepImages(), this.sweepSpools()]);
  }

  private async sweepSpools(): Promise<void> {
    const folder = spoolDirectory(this.config);
    try {
      const removed = await removeAbandonedSpools(folder, { maxAgeMs: SPOOL_MAX_AGE_MS });
      if (removed > 0) this.logger.info({ removed }, 'Removed temporary files of processes that have ended');
    } catch (error) {
      this.logger.error({ err: error, folder }, 'Cannot sweep temporary files');
    }
  }

  private async sweepImages(): Promise<void> {
    try {
      const removed = await this.store.sweep();
      if (removed > 0) this.logger.info({ removed }, 'Removed images past their lifetime');
    } catch (error) {
      this.logger.error(
        { err: error, folder: join(this.config.server.data_dir, 'images') },
        'Cannot sweep images',
      );
    }
  }
}

import { join, resolve } from 'node:path';
import { Global, Inject, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { CONFIG } from '../config/config.module.ts';
import type { Config } from '../config/schema.ts';
import { ImageStore } from './image-store.ts';
import { ImagesController } from './images.controller.ts';

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

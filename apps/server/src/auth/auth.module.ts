import { type DynamicModule, Module } from '@nestjs/common';
import { ApiKeysController } from './api-keys/api-keys.controller.ts';
import { ApiKeys } from './api-keys/api-keys.ts';
import { Door } from './door.ts';
import { SessionController } from './session.controller.ts';

@Module({ controllers: [SessionController, ApiKeysController], providers: [ApiKeys] })
class AuthModule {}

/** Who may: the door stands before the application, which only asks it for sessions and tells it of keys. */
export const authModule = (door: Door): DynamicModule => ({
  module: AuthModule,
  providers: [{ provide: Door, useValue: door }],
});

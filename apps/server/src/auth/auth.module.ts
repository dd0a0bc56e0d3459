import { type DynamicModule, Module } from '@nestjs/common';
import { Door } from './door.ts';
import { SessionController } from './session.controller.ts';

@Module({ controllers: [SessionController] })
class AuthModule {}

/** Who may: the door stands before the application, which only asks it for sessions and tells it of keys. */
export const authModule = (door: Door): DynamicModule => ({
  module: AuthModule,
  providers: [{ provide: Door, useValue: door }],
});

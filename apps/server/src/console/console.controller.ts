import { Controller, Get, Header, Inject, Redirect } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { GatewayError } from '../errors/gateway-error.ts';
import type { ConsolePage } from './console-page.ts';

export const CONSOLE_PAGE = Symbol('CONSOLE_PAGE');

@ApiExcludeController()
@Controller()
export class ConsoleController {
  constructor(@Inject(CONSOLE_PAGE) private readonly built: ConsolePage) {}

  @Get(['/', '/admin'])
  @Redirect('/admin/img2img')
  home(): void {}

  @Get(['/admin/img2img', '/admin/status', '/admin/settings'])
  @Header('content-type', 'text/html; charset=utf-8')
  // The page names its assets by hash: it must be asked for anew, they never.
  @Header('cache-control', 'no-cache')
  page(): string {
    if (this.built.html !== undefined) return this.built.html;
    throw new GatewayError(
      'The page has not been built; run "npm start" or "pnpm run build". The API works.',
      {
        status: 503,
        type: 'server_error',
        code: 'console_not_built',
      },
    );
  }
}

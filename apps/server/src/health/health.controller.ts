import { access, constants } from 'node:fs/promises';
import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CONFIG } from '../config/config.module.ts';
import type { Config } from '../config/schema.ts';
import { Database } from '../database/database.ts';
import type { DatabaseState } from '../database/database-state.ts';
import { ShutdownSignal } from '../lifecycle/shutdown-signal.ts';
import { Upstreams } from '../providers/upstreams.ts';

interface Health {
  readonly status: 'ok' | 'unavailable';
  readonly checks?: Readonly<Record<string, 'ok' | 'failed'>>;
  /** Told, but no reason to be unready: edits go on without it. */
  readonly database?: DatabaseState;
}

@ApiTags('operations')
@Controller('health')
export class HealthController {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly upstreams: Upstreams,
    private readonly shutdown: ShutdownSignal,
    private readonly database: Database,
  ) {}

  @Get('live')
  @ApiOperation({ summary: 'The process answers' })
  live(): Health {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({ summary: 'Requests would be served: 200, else 503' })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<Health> {
    const checks = {
      accepting: this.shutdown.stopping ? 'failed' : 'ok',
      upstream: this.upstreams.ready ? 'ok' : 'failed',
      storage: await access(this.config.server.data_dir, constants.W_OK).then(
        () => 'ok' as const,
        () => 'failed' as const,
      ),
    } as const;
    const ok = Object.values(checks).every((check) => check === 'ok');
    if (!ok) reply.code(503).header('retry-after', '1');
    return { status: ok ? 'ok' : 'unavailable', checks, database: this.database.state };
  }
}

import { access, constants, statfs } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Controller, Get, Inject, type OnApplicationShutdown, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CONFIG } from '../config/config.module.ts';
import type { Config } from '../config/schema.ts';
import { Database } from '../database/database.ts';
import type { DatabaseState } from '../database/database-state.ts';
import { ShutdownSignal } from '../lifecycle/shutdown-signal.ts';
import { Upstreams } from '../providers/upstreams.ts';
import { type Readiness, readiness } from './readiness.ts';
import { UpstreamReach } from './upstream-reach.ts';

/** Timers that late mean that this process no longer keeps its promises about time. Milliseconds. */
const MAX_LOOP_DELAY_MS = 1_000;
/** Room for as many of the largest images as are received at once at the least. */
const IMAGES_OF_ROOM = 10;

interface Health {
  readonly status: 'ok' | 'unavailable';
}

interface ReadyAnswer extends Health {
  readonly checks: Readiness['checks'];
  /** Not a check: edits are served without it, and what needs it says so. */
  readonly database: DatabaseState;
}

@ApiTags('operations')
@Controller('health')
export class HealthController implements OnApplicationShutdown {
  readonly #loop = monitorEventLoopDelay({ resolution: 20 });
  readonly #reach: UpstreamReach;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly upstreams: Upstreams,
    private readonly shutdown: ShutdownSignal,
    private readonly database: Database,
  ) {
    this.#reach = new UpstreamReach(() => upstreams.anyReachable());
    this.#loop.enable();
  }

  onApplicationShutdown(): void {
    this.#loop.disable();
  }

  @Get('live')
  @ApiOperation({ summary: 'The process answers' })
  live(): Health {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({ summary: 'Requests would be served: 200, else 503' })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<ReadyAnswer> {
    const { server, upload } = this.config;
    const { ready, checks } = readiness(
      {
        stopping: this.shutdown.stopping,
        upstreamReady: this.upstreams.ready,
        upstreamReachable: this.upstreams.ready ? await this.#reach.reachable() : undefined,
        writable: await succeeds(access(server.data_dir, constants.W_OK)),
        freeBytes: await freeBytes(server.data_dir),
        loopDelayMs: this.#loopDelayMs(),
      },
      { maxLoopDelayMs: MAX_LOOP_DELAY_MS, minFreeBytes: IMAGES_OF_ROOM * upload.max_file_mb * 1_048_576 },
    );
    if (!ready) reply.code(503).header('retry-after', '1');
    return { status: ready ? 'ok' : 'unavailable', checks, database: this.database.state };
  }

  /** Since the last time somebody asked. */
  #loopDelayMs(): number {
    const delayMs = this.#loop.count === 0 ? 0 : this.#loop.percentile(99) / 1e6;
    this.#loop.reset();
    return delayMs;
  }
}

const succeeds = (promise: Promise<unknown>): Promise<boolean> =>
  promise.then(
    () => true,
    () => false,
  );

async function freeBytes(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

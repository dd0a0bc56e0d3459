import { Controller, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Audit } from '../audit/audit.ts';
import { actorOf } from '../audit/audit-entry.ts';
import { badRequest } from '../errors/gateway-error.ts';
import { EventFeed } from './event-feed.ts';
import { LiveQueues } from './live-queues.ts';
import { LiveUpstreams } from './live-upstreams.ts';
import { RecentConnections } from './recent-connections.ts';
import { type TransportEvent, type TransportView, transportEvent, transportView } from './transport-view.ts';

/** The connections to the upstreams as they are now, and what is held against HTTP/2. */
@ApiTags('operations')
@Controller('api/v1/admin/transport')
export class TransportController {
  constructor(
    private readonly upstreams: LiveUpstreams,
    private readonly connections: RecentConnections,
    private readonly queues: LiveQueues,
    private readonly feed: EventFeed,
    private readonly audit: Audit,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Live connections, the last closed ones, fallback, keys and queues' })
  look(): TransportView {
    const { upstreams, connections, queues } = this;
    return transportView({ upstreams, connections, queues }, Date.now());
  }

  @Get('events')
  @ApiOperation({
    summary:
      'The same as server-sent events: `transport` with all of it, then `connection`, `fallback`, `credential`, `queue`',
  })
  @ApiProduces('text/event-stream')
  async events(@Res() reply: FastifyReply): Promise<void> {
    await this.feed.serve<TransportEvent>(reply, {
      first: [{ event: 'transport', data: this.look() }],
      tell: transportEvent,
    });
  }

  @Post('fallback/reset')
  @HttpCode(200)
  @ApiOperation({ summary: 'Lets an origin, or all of them, be spoken to over HTTP/2 again' })
  @ApiQuery({ name: 'origin', required: false, description: 'Such as `https://api.x.ai`. Default all.' })
  async reset(
    @Req() request: FastifyRequest,
    @Query('origin') origin: unknown,
  ): Promise<Pick<TransportView, 'fallback'>> {
    if (origin !== undefined && !this.#isMarked(origin)) {
      throw badRequest('Nothing is held against this origin.', {
        status: 404,
        code: 'not_found',
        param: 'origin',
      });
    }
    this.upstreams.resetFallback(origin);
    await this.audit.note(actorOf(request), {
      action: 'fallback.reset',
      ...(origin !== undefined && { target: origin }),
    });
    return { fallback: this.look().fallback };
  }

  #isMarked(origin: unknown): origin is string {
    return this.upstreams.fallbacks().some((view) => view.origin === origin);
  }
}

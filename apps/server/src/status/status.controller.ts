import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Alerts } from '../alerts/alerts.ts';
import { DatabaseUnavailable } from '../database/database-unavailable.ts';
import { Drills } from '../drill/drills.ts';
import { badRequest } from '../errors/gateway-error.ts';
import { firstMinute, History } from '../history/history.ts';
import { MINUTE_MS } from '../history/minute.ts';
import type { Revision } from '../settings/revision.ts';
import { SettingsHistory } from '../settings/settings-history.ts';
import { type CallView, callView } from '../telemetry/call-view.ts';
import { EventFeed } from '../telemetry/event-feed.ts';
import { LiveQueues } from '../telemetry/live-queues.ts';
import { LiveUpstreams } from '../telemetry/live-upstreams.ts';
import { isCallEvent, RecentCalls } from '../telemetry/recent-calls.ts';
import { RecentConnections } from '../telemetry/recent-connections.ts';
import type { TelemetryEvent } from '../telemetry/telemetry-event.ts';
import { transportView } from '../telemetry/transport-view.ts';
import { type SeriesView, seriesView } from './series.ts';
import { type StatusEvent, type StatusView, statusView } from './status-view.ts';

/** Fourteen days: as long as the history is kept by default. */
const MAX_MINUTES = 14 * 24 * 60;
/** Calls that a reader who joins is told of; it asks for older ones. */
const FIRST_CALLS = 50;
/** Revisions that are looked through for marks. */
const REVISIONS = 100;

const minutesSchema = z.coerce.number().int().min(1).max(MAX_MINUTES).default(60);

@ApiTags('operations')
@Controller('api/v1/admin/status')
export class StatusController {
  readonly #startedAt = Date.now();

  constructor(
    private readonly alerts: Alerts,
    private readonly history: History,
    private readonly drills: Drills,
    private readonly revisions: SettingsHistory,
    private readonly calls: RecentCalls,
    private readonly upstreams: LiveUpstreams,
    private readonly connections: RecentConnections,
    private readonly queues: LiveQueues,
    private readonly feed: EventFeed,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Alerts, figures, connections, queues, the history and a drill, as they are now' })
  look(): StatusView {
    const at = Date.now();
    const { upstreams, connections, queues, history, drills } = this;
    const sources = {
      startedAt: this.#startedAt,
      watch: this.alerts.watch,
      transport: transportView({ upstreams, connections, queues }, at),
      history: history.state,
      drill: drills.view,
    };
    return statusView(sources, at);
  }

  @Get('series')
  @ApiOperation({ summary: 'The figures over the last minutes, and the changes of settings among them' })
  @ApiQuery({ name: 'minutes', required: false, description: `From 1 to ${MAX_MINUTES}; default 60.` })
  async series(@Query('minutes') asked: unknown): Promise<SeriesView> {
    const parsed = minutesSchema.safeParse(asked);
    if (!parsed.success) {
      throw badRequest(`minutes is a whole number from 1 to ${MAX_MINUTES}.`, {
        code: 'invalid_value',
        param: 'minutes',
      });
    }
    const from = firstMinute(Date.now(), parsed.data);
    const [{ minutes, complete }, revisions] = await Promise.all([
      this.history.minutes(from),
      this.#revisions(),
    ]);
    return seriesView({
      from,
      to: from + parsed.data * MINUTE_MS,
      minutes,
      revisions,
      source: complete ? 'database' : 'memory',
    });
  }

  @Get('events')
  @ApiOperation({
    summary:
      'What happens, as server-sent events: `calls` and `state` first; then `call` and `bytes` as uploads and edits go on, and `state` each second',
  })
  @ApiProduces('text/event-stream')
  async events(@Res() reply: FastifyReply): Promise<void> {
    // What it missed while it was away is in the first two: a reader who comes back needs nothing else.
    const state = (): StatusEvent => ({ event: 'state', data: this.look() });
    await this.feed.serve<StatusEvent>(reply, {
      first: [{ event: 'calls', data: this.#latest() }, state()],
      tell: (event) => this.#tell(event),
      mayMiss: ({ event }) => event === 'bytes' || event === 'state',
      look: state,
    });
  }

  /** Those of this process: told in the same moment from which on it hears of them. `/uploads` has the others. */
  #latest(): CallView[] {
    return (['upload', 'edit'] as const)
      .flatMap((operation) => this.calls.list(operation, FIRST_CALLS))
      .map(callView)
      .sort((a, b) => b.started_at - a.started_at);
  }

  /** The calls in memory hear of everything first: they were there before any reader. */
  #tell(event: TelemetryEvent): StatusEvent | undefined {
    if (!isCallEvent(event)) return undefined;
    if (event.type === 'bytes-sent') {
      const { callId: id, attempt, bytesSent: bytes_sent, bytesTotal } = event;
      return { event: 'bytes', data: { id, attempt, bytes_sent, bytes_total: bytesTotal ?? null } };
    }
    const call = this.calls.find(event.operation, event.callId);
    return call && { event: 'call', data: callView(call) };
  }

  /** Without the database there are no marks; the charts go on. */
  async #revisions(): Promise<Revision[]> {
    try {
      return await this.revisions.list({ before: undefined, limit: REVISIONS });
    } catch (error) {
      if (DatabaseUnavailable.is(error)) return [];
      throw error;
    }
  }
}

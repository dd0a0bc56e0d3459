import { systemClock } from '@ferry/core';
import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { LOGGER } from '../logging/logging.module.ts';
import { EventFeed } from './event-feed.ts';
import { LiveQueues } from './live-queues.ts';
import { LiveUpstreams } from './live-upstreams.ts';
import { RecentCalls } from './recent-calls.ts';
import { RecentConnections } from './recent-connections.ts';
import { Telemetry } from './telemetry.ts';
import { TransportController } from './transport.controller.ts';

/** Uploads, and as many edits, that are kept in memory. Some 2 kB each. */
const RECENT_CALLS = 500;
/** Closed connections that are kept in memory. */
const RECENT_CONNECTIONS = 100;

/** The stream of what happens, and what is made from it in memory. */
@Global()
@Module({
  controllers: [TransportController],
  providers: [
    EventFeed,
    {
      provide: Telemetry,
      inject: [LOGGER],
      useFactory: (logger: Logger) =>
        new Telemetry({
          clock: systemClock,
          onBroken: (subscriber, err) =>
            logger.error({ err, subscriber }, `A subscriber of telemetry failed: ${subscriber}`),
        }),
    },
    {
      provide: LiveUpstreams,
      inject: [Telemetry],
      useFactory: (telemetry: Telemetry) => new LiveUpstreams(telemetry),
    },
    {
      provide: LiveQueues,
      inject: [Telemetry],
      useFactory: (telemetry: Telemetry) => new LiveQueues(telemetry),
    },
    {
      provide: RecentCalls,
      inject: [Telemetry],
      useFactory: (telemetry: Telemetry) => {
        const calls = new RecentCalls(RECENT_CALLS);
        telemetry.subscribe('recent calls', calls.hear);
        return calls;
      },
    },
    {
      provide: RecentConnections,
      inject: [Telemetry],
      useFactory: (telemetry: Telemetry) => {
        const connections = new RecentConnections(RECENT_CONNECTIONS);
        telemetry.subscribe('recent connections', connections.hear);
        return connections;
      },
    },
  ],
  exports: [Telemetry, EventFeed, LiveUpstreams, LiveQueues, RecentCalls, RecentConnections],
})
export class TelemetryModule implements OnApplicationShutdown {
  constructor(@Inject(LiveQueues) private readonly queues: LiveQueues) {}

  onApplicationShutdown(): void {
    this.queues[Symbol.dispose]();
  }
}

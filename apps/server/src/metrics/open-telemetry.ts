import { systemClock } from '@ferry/core';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { type IMetricReader, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Logger } from 'pino';
import { CONFIG } from '../config/config.module.ts';
import type { Config } from '../config/schema.ts';
import { LOGGER } from '../logging/logging.module.ts';
import { LiveQueues } from '../telemetry/live-queues.ts';
import { LiveUpstreams } from '../telemetry/live-upstreams.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import { TraceRecorder } from '../tracing/trace-recorder.ts';
import { VERSION } from '../version.ts';
import { logDiagnostics } from './diagnostics.ts';
import { EventLoop } from './event-loop.ts';
import { Instruments } from './instruments.ts';
import { observeLive } from './observe-live.ts';
import { observeProcess } from './observe-process.ts';
import { type OtlpTargets, otlpTargets } from './otlp.ts';
import { recordEvents } from './record-events.ts';
import { ScrapeReader } from './scrape-reader.ts';

const SCOPE = 'ferry';
/** A collector that is away must not hold up the end of the process. Milliseconds. */
const FLUSH_MS = 3_000;

/** The OpenTelemetry SDK over the stream of events: metrics to be read at `/metrics`, both signals pushed where configured. */
@Injectable()
export class OpenTelemetry implements OnApplicationShutdown {
  readonly instruments: Instruments;
  readonly eventLoop: EventLoop;
  readonly #scrape = new ScrapeReader();
  readonly #meters: MeterProvider;
  readonly #tracers: TracerProvider | undefined;

  constructor(
    @Inject(CONFIG) { telemetry: config }: Config,
    @Inject(LOGGER) logger: Logger,
    telemetry: Telemetry,
    upstreams: LiveUpstreams,
    queues: LiveQueues,
  ) {
    logDiagnostics(logger, telemetry.clock);
    const targets = otlpTargets(config);
    const resource = defaultResource()
      .merge(resourceFromAttributes({ 'service.name': SCOPE, 'service.version': VERSION }))
      .merge(detectResources({ detectors: [envDetector] }));
    this.#meters = new MeterProvider({ resource, readers: [this.#scrape, ...pushReaders(targets, config)] });
    this.instruments = new Instruments(this.#meters.getMeter(SCOPE, VERSION));
    this.eventLoop = new EventLoop(systemClock);
    observeLive(this.instruments, upstreams, queues);
    observeProcess(this.instruments, this.eventLoop);
    telemetry.subscribe('metrics', recordEvents(this.instruments));
    if (targets.traces === undefined) return;
    this.#tracers = new TracerProvider({
      resource,
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(config.trace_ratio) }),
      spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter(targets.traces) })],
    });
    telemetry.subscribe('traces', new TraceRecorder(this.#tracers.getTracer(SCOPE, VERSION)).hear);
  }

  /** All metrics now, in Prometheus' text format. */
  async scrape(): Promise<string> {
    return await this.#scrape.scrape();
  }

  /** Sends what has not been sent, if that can be done quickly. */
  async onApplicationShutdown(): Promise<void> {
    this.eventLoop[Symbol.dispose]();
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const cancel = systemClock.after(FLUSH_MS, resolve);
    const flushed = Promise.allSettled([this.#meters.shutdown(), this.#tracers?.shutdown()]);
    await Promise.race([flushed, late]);
    cancel();
  }
}

function pushReaders(
  { metrics }: OtlpTargets,
  { otlp_interval_s }: Pick<Config['telemetry'], 'otlp_interval_s'>,
): IMetricReader[] {
  if (metrics === undefined) return [];
  const intervalMs = otlp_interval_s * 1_000;
  return [
    new PeriodicExportingMetricReader({
      exporter: new OTLPMetricExporter(metrics),
      exportIntervalMillis: intervalMs,
      exportTimeoutMillis: Math.min(intervalMs, 10_000),
    }),
  ];
}

import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import {
  AggregationTemporality,
  type MetricData,
  MetricReader,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';

/** The units whose word Prometheus wants at the end of a name. */
const SUFFIXES: Readonly<Record<string, string>> = { s: '_seconds', By: '_bytes' };

/**
 * Reads the metrics when somebody asks for them, as Prometheus' text. It is the Prometheus exporter's serializer without its
 * HTTP server: `/metrics` is served on the gateway's own port, behind its own door.
 */
export class ScrapeReader extends MetricReader {
  readonly #serializer = new PrometheusSerializer('', false, undefined, false, true);

  constructor() {
    super({ aggregationTemporalitySelector: () => AggregationTemporality.CUMULATIVE });
  }

  /** The Prometheus text format, version 0.0.4. */
  async scrape(): Promise<string> {
    const { resourceMetrics } = await this.collect();
    return this.#serializer.serialize(withUnits(resourceMetrics));
  }

  protected async onForceFlush(): Promise<void> {}

  protected async onShutdown(): Promise<void> {}
}

/**
 * OpenTelemetry's names as Prometheus has them: `http.client.request.duration` in seconds becomes
 * `http_client_request_duration_seconds` (OpenTelemetry, "Prometheus and OpenMetrics Compatibility", metric metadata). The
 * serializer leaves the unit out; ours carry it in their names already.
 */
function withUnits(resourceMetrics: ResourceMetrics): ResourceMetrics {
  return {
    ...resourceMetrics,
    scopeMetrics: resourceMetrics.scopeMetrics.map((scope) => ({
      ...scope,
      metrics: scope.metrics.map(withUnit),
    })),
  };
}

function withUnit<M extends MetricData>(metric: M): M {
  const { name, unit } = metric.descriptor;
  // Without the unit's own line, which the text format does not have.
  return { ...metric, descriptor: { ...metric.descriptor, name: unitName(name, unit), unit: '' } };
}

const unitName = (name: string, unit: string): string =>
  /_(seconds|bytes)(_total)?$/.test(name) ? name : `${name}${SUFFIXES[unit] ?? ''}`;

/** The name under which Prometheus reads a metric. */
export function scrapedName(name: string, unit: string, isCounter: boolean): string {
  const full = unitName(name, unit).replaceAll('.', '_');
  return isCounter && !full.endsWith('_total') ? `${full}_total` : full;
}

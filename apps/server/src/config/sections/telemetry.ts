import { decimal, integer, optionalAddress, section } from '../keys.ts';

/** What is told about the gateway, and to whom. The standard `OTEL_*` variables work beside it. */
export const telemetrySection = section({
  otlp_endpoint: optionalAddress({
    about:
      'An OpenTelemetry collector that metrics and traces are sent to (OTLP over HTTP, such as "http://localhost:4318"). Absent: what `OTEL_EXPORTER_OTLP_ENDPOINT` says, else none.',
  }),
  otlp_interval_s: integer(1, 3_600, 60, {
    unit: 's',
    about: 'How often metrics are sent there.',
  }),
  trace_ratio: decimal(0, 1, 1, {
    about: 'Share of the requests that are traced, unless their caller has decided it (`traceparent`).',
  }),
});

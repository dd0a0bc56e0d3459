/** Where metrics and traces are pushed to: the configuration first, then OpenTelemetry's own variables. */
import { getBooleanFromEnv, getStringFromEnv } from '@opentelemetry/core';
import type { Config } from '../config/schema.ts';

export interface OtlpTargets {
  /** Undefined when metrics are not sent; `url` is absent when the exporter reads the variables itself. */
  readonly metrics?: { readonly url?: string };
  readonly traces?: { readonly url?: string };
}

/**
 * Of the variables (OpenTelemetry, "Environment Variable Specification") the exporters read endpoints, headers, time-outs
 * and certificates themselves. What decides whether there is an exporter at all is read here.
 */
export function otlpTargets({ otlp_endpoint }: Pick<Config['telemetry'], 'otlp_endpoint'>): OtlpTargets {
  if (getBooleanFromEnv('OTEL_SDK_DISABLED') === true) return {};
  const metrics = target('METRICS', 'v1/metrics', otlp_endpoint);
  const traces = target('TRACES', 'v1/traces', otlp_endpoint);
  return { ...(metrics && { metrics }), ...(traces && { traces }) };
}

function target(
  signal: 'METRICS' | 'TRACES',
  path: string,
  configured: string | undefined,
): { readonly url?: string } | undefined {
  if (getStringFromEnv(`OTEL_${signal}_EXPORTER`) === 'none') return undefined;
  if (configured !== undefined) return { url: `${configured.replace(/\/+$/, '')}/${path}` };
  const given =
    getStringFromEnv(`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`) ??
    getStringFromEnv('OTEL_EXPORTER_OTLP_ENDPOINT');
  return given === undefined ? undefined : {};
}

/**
 * The one definition of the alerts. The process's own watch, the Prometheus rules and the Grafana dashboard are made from it.
 */
import type { Config } from '../config/schema.ts';

/** What is measured, over a window. A closed set. */
export type Measure = 'success-rate' | 'average-retries' | 'http2-error-rate' | 'latency-p50' | 'latency-p99';

type Severity = 'warning' | 'critical';

/** The thresholds among the settings. */
type ThresholdKey =
  | 'success_warning'
  | 'success_critical'
  | 'average_retries'
  | 'http2_error_rate'
  | 'latency_p50_s'
  | 'latency_p99_s';

interface Definition {
  readonly name: string;
  readonly measure: Measure;
  readonly severity: Severity;
  /** On which side of the threshold it is bad. */
  readonly bad: 'below' | 'above';
  readonly threshold: ThresholdKey;
  /** One sentence, for whoever is woken by it. */
  readonly summary: string;
}

export const DEFINITIONS = [
  {
    name: 'FerryUploadsFailing',
    measure: 'success-rate',
    severity: 'warning',
    bad: 'below',
    threshold: 'success_warning',
    summary: 'Uploads fail.',
  },
  {
    name: 'FerryUploadsFailingBadly',
    measure: 'success-rate',
    severity: 'critical',
    bad: 'below',
    threshold: 'success_critical',
    summary: 'Many uploads fail.',
  },
  {
    name: 'FerryRetriesHigh',
    measure: 'average-retries',
    severity: 'warning',
    bad: 'above',
    threshold: 'average_retries',
    summary: 'Uploads need more than one retry on average.',
  },
  {
    name: 'FerryHttp2ErrorsHigh',
    measure: 'http2-error-rate',
    severity: 'warning',
    bad: 'above',
    threshold: 'http2_error_rate',
    summary: 'Attempts end in HTTP/2 errors.',
  },
  {
    name: 'FerryLatencyP50High',
    measure: 'latency-p50',
    severity: 'warning',
    bad: 'above',
    threshold: 'latency_p50_s',
    summary: 'Half of the uploads take longer than expected.',
  },
  {
    name: 'FerryLatencyP99High',
    measure: 'latency-p99',
    severity: 'warning',
    bad: 'above',
    threshold: 'latency_p99_s',
    summary: 'The slowest uploads take longer than expected.',
  },
] as const satisfies readonly Definition[];

export type AlertName = (typeof DEFINITIONS)[number]['name'];

/** A definition with the settings of this moment. Times are seconds, as in the settings. */
export interface AlertRule {
  readonly name: AlertName;
  readonly measure: Measure;
  readonly severity: Severity;
  readonly bad: 'below' | 'above';
  readonly threshold: number;
  readonly summary: string;
  readonly windowS: number;
  readonly minUploads: number;
  readonly forS: number;
}

export function alertRules(settings: Config['alerts']): AlertRule[] {
  const { window_s: windowS, min_uploads: minUploads, for_s: forS } = settings;
  return DEFINITIONS.map(({ threshold, ...definition }) => ({
    ...definition,
    threshold: settings[threshold],
    windowS,
    minUploads,
    forS,
  }));
}

/** Whether a measured value is on the wrong side. Undefined, for want of traffic, is not. */
export function isBreached(
  { bad, threshold }: Pick<AlertRule, 'bad' | 'threshold'>,
  value: number | undefined,
): boolean {
  if (value === undefined) return false;
  switch (bad) {
    case 'below':
      return value < threshold;
    case 'above':
      return value > threshold;
    default:
      return bad satisfies never;
  }
}

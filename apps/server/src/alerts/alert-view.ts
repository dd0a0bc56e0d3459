/** Alerts as the admin API and the webhook show them. Names and fields are the wire's. */
import type { Alert } from './alert-watch.ts';
import type { Figures } from './upload-window.ts';

export interface AlertView {
  readonly name: string;
  readonly severity: string;
  readonly summary: string;
  /** `inactive`, `pending`, `firing` or `resolved`. */
  readonly state: string;
  /** When the state, or the firing that has resolved, began; milliseconds since the Unix epoch. */
  readonly since: number | null;
  readonly resolved_at: number | null;
  /** Null for want of traffic. */
  readonly value: number | null;
  readonly measure: string;
  /** `below` or `above` the threshold it is bad. */
  readonly bad: string;
  readonly threshold: number;
  readonly window_s: number;
  readonly min_uploads: number;
  readonly for_s: number;
}

export function alertView({ rule, state, value }: Alert): AlertView {
  return {
    name: rule.name,
    severity: rule.severity,
    summary: rule.summary,
    state: state.type,
    since: state.type === 'inactive' ? null : state.since,
    resolved_at: state.type === 'resolved' ? state.at : null,
    value: value ?? null,
    measure: rule.measure,
    bad: rule.bad,
    threshold: rule.threshold,
    window_s: rule.windowS,
    min_uploads: rule.minUploads,
    for_s: rule.forS,
  };
}

/** The four figures, over the window of the alerts. Null where there was nothing to measure. */
export interface FiguresView {
  readonly uploads: number;
  readonly success_rate: number | null;
  readonly average_retries: number | null;
  readonly http2_error_rate: number | null;
  readonly latency_p50_s: number | null;
  readonly latency_p99_s: number | null;
}

export function figuresView({ uploads, values }: Figures): FiguresView {
  return {
    uploads,
    success_rate: values['success-rate'] ?? null,
    average_retries: values['average-retries'] ?? null,
    http2_error_rate: values['http2-error-rate'] ?? null,
    latency_p50_s: values['latency-p50'] ?? null,
    latency_p99_s: values['latency-p99'] ?? null,
  };
}

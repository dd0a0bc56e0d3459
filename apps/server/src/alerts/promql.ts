/** The measures of the alerts in Prometheus' language, over the metrics of the catalogue. */
import type { AlertRule, Measure } from './rule.ts';

const ENDED = 'ferry_uploads_total{outcome=~"ok|failed"}';
const OVER_H2 = 'ferry_upload_attempts_total{protocol="h2"}';

const increase = (series: string, window: string): string => `sum(increase(${series}[${window}]))`;

const quantile = (q: number, window: string): string =>
  `histogram_quantile(${q}, sum by (le) (rate(ferry_upload_duration_seconds_bucket{outcome=~"ok|failed"}[${window}])))`;

/** @param window such as `5m`. */
export function measureExpression(measure: Measure, window: string): string {
  switch (measure) {
    case 'success-rate':
      return `${increase('ferry_uploads_total{outcome="ok"}', window)} / ${increase(ENDED, window)}`;
    case 'average-retries':
      return `${increase('ferry_upload_retries_sum', window)} / ${increase('ferry_upload_retries_count', window)}`;
    case 'http2-error-rate': {
      const errors = 'ferry_upload_attempts_total{protocol="h2",error_type=~"http2_.*"}';
      return `${increase(errors, window)} / ${increase(OVER_H2, window)}`;
    }
    case 'latency-p50':
      return quantile(0.5, window);
    case 'latency-p99':
      return quantile(0.99, window);
    default:
      return measure satisfies never;
  }
}

/** The whole condition: the threshold, and the traffic below which it says nothing. */
export function ruleExpression({ measure, bad, threshold, minUploads, windowS }: AlertRule): string {
  const window = `${windowS}s`;
  const traffic = increase(measure === 'http2-error-rate' ? OVER_H2 : ENDED, window);
  const sign = bad === 'below' ? '<' : '>';
  return `${measureExpression(measure, window)} ${sign} ${threshold} and ${traffic} >= ${minUploads}`;
}

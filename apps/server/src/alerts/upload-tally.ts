/** What uploads were like, counted: over a second of the alerts' window, or over a minute of the history. */
import { factsOf } from '../metrics/catalog.ts';
import { isHttp2ErrorType } from '../telemetry/error-type.ts';
import type { AttemptEnded, CallEnded } from '../telemetry/telemetry-event.ts';
import { histogramQuantile } from './histogram-quantile.ts';
import type { Measure } from './rule.ts';

/** The bounds of the metric, so that everybody who counts says the same. Seconds. */
const BOUNDS = factsOf('ferry_upload_duration_seconds').buckets ?? [];

export interface UploadTally {
  ok: number;
  failed: number;
  retries: number;
  h2Attempts: number;
  h2Errors: number;
  /** Uploads by duration; one more than the bounds. */
  readonly durations: number[];
}

export const newTally = (): UploadTally => ({
  ok: 0,
  failed: 0,
  retries: 0,
  h2Attempts: 0,
  h2Errors: 0,
  durations: Array.from({ length: BOUNDS.length + 1 }, () => 0),
});

export function tallyAttempt(
  tally: UploadTally,
  { connection, errorType }: Pick<AttemptEnded, 'connection' | 'errorType'>,
): void {
  if (connection?.protocol !== 'h2') return;
  tally.h2Attempts += 1;
  if (isHttp2ErrorType(errorType)) tally.h2Errors += 1;
}

/** One that was aborted says nothing about the upstream. */
export function tallyUpload(
  tally: UploadTally,
  { outcome, attempts, upstreamMs }: Pick<CallEnded, 'outcome' | 'attempts' | 'upstreamMs'>,
): void {
  if (outcome === 'aborted') return;
  tally[outcome] += 1;
  tally.retries += Math.max(0, attempts - 1);
  const seconds = upstreamMs / 1_000;
  const found = BOUNDS.findIndex((bound) => seconds <= bound);
  const bucket = found < 0 ? BOUNDS.length : found;
  tally.durations[bucket] = (tally.durations[bucket] ?? 0) + 1;
}

export function addTo(total: UploadTally, tally: Readonly<UploadTally>): void {
  total.ok += tally.ok;
  total.failed += tally.failed;
  total.retries += tally.retries;
  total.h2Attempts += tally.h2Attempts;
  total.h2Errors += tally.h2Errors;
  for (const [bucket, count] of tally.durations.entries()) {
    total.durations[bucket] = (total.durations[bucket] ?? 0) + count;
  }
}

/** Undefined where there was nothing to measure. Latencies are seconds. */
export function measuresOf(tally: Readonly<UploadTally>): Readonly<Record<Measure, number | undefined>> {
  const uploads = tally.ok + tally.failed;
  return {
    'success-rate': ratio(tally.ok, uploads),
    'average-retries': ratio(tally.retries, uploads),
    'http2-error-rate': ratio(tally.h2Errors, tally.h2Attempts),
    'latency-p50': histogramQuantile(0.5, BOUNDS, tally.durations),
    'latency-p99': histogramQuantile(0.99, BOUNDS, tally.durations),
  };
}

const ratio = (part: number, whole: number): number | undefined => (whole === 0 ? undefined : part / whole);

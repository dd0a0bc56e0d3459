import { decimal, flag, integer, section } from '../keys.ts';

/** When somebody is to be told that uploads do not arrive as they should. */
export const alertsSection = section({
  enabled: flag(true, { about: 'Whether the gateway itself watches its thresholds.' }),
  success_warning: decimal(0, 1, 0.95, {
    about: 'Share of uploads that arrive, below which there is a warning.',
  }),
  success_critical: decimal(0, 1, 0.9, {
    about: 'Share of uploads that arrive, below which it is critical.',
  }),
  average_retries: decimal(0, 100, 1, {
    about: 'Retries an upload on average, above which there is a warning.',
  }),
  http2_error_rate: decimal(0, 1, 0.05, {
    about: 'Share of attempts over HTTP/2 that end in an HTTP/2 error, above which there is a warning.',
  }),
  latency_p50_s: decimal(0.01, 300, 3, {
    unit: 's',
    about: 'Median time of an upload, above which there is a warning.',
  }),
  latency_p99_s: decimal(0.01, 300, 10, {
    unit: 's',
    about: '99th percentile of the time of an upload, above which there is a warning.',
  }),
  window_s: integer(10, 3_600, 300, { unit: 's', about: 'How far back uploads count.' }),
  min_uploads: integer(1, 100_000, 10, { about: 'Fewer uploads than this in the window say nothing.' }),
  for_s: integer(0, 3_600, 60, { unit: 's', about: 'How long it must last before somebody is told.' }),
});

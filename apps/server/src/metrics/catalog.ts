/** Every metric Ferry has, as data: what is registered, and the table of docs/metrics.md, are made from it. */
import type { LabelName } from './labels.ts';

interface MetricFacts {
  readonly kind: 'counter' | 'histogram' | 'gauge';
  /** UCUM, as OpenTelemetry has it. */
  readonly unit: string;
  /** One sentence. */
  readonly about: string;
  readonly labels: readonly LabelName[];
  /** Upper bounds of a histogram. */
  readonly buckets?: readonly number[];
  /** Asked for when it is read, instead of told as it happens. */
  readonly observed?: true;
}

/** An upload takes about a second, an edit up to minutes: from 50 ms to 300 s, with the thresholds of the alerts on bounds. */
const SECONDS = [0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 7.5, 10, 20, 30, 60, 120, 300] as const;
/** A connection lives from one upload to ten minutes. */
const LIFE_SECONDS = [0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1_200] as const;
const RETRIES = [0, 1, 2, 3, 5, 10] as const;

const CALL_LABELS = ['provider', 'protocol', 'reuse', 'error_type'] as const;
const CLIENT_LABELS = ['server.address', 'server.port', 'network.protocol.version'] as const;

const METRICS = {
  ferry_uploads_total: {
    kind: 'counter',
    unit: '{upload}',
    about: 'Uploads that have ended. `aborted` says nothing about the upstream: the caller went away.',
    labels: ['provider', 'outcome'],
  },
  ferry_upload_retries: {
    kind: 'histogram',
    unit: '{retry}',
    about: 'Attempts after the first, for each upload that ended by itself.',
    labels: ['provider'],
    buckets: RETRIES,
  },
  ferry_upload_attempts_total: {
    kind: 'counter',
    unit: '{attempt}',
    about: 'Attempts of uploads that have ended; `error_type` is `none` for those that succeeded.',
    labels: CALL_LABELS,
  },
  ferry_upload_duration_seconds: {
    kind: 'histogram',
    unit: 's',
    about: "How long an upload took beyond its client's own sending: from when the image was whole.",
    labels: ['provider', 'outcome'],
    buckets: SECONDS,
  },
  ferry_upload_bytes_total: {
    kind: 'counter',
    unit: 'By',
    about: 'Bytes of images that have arrived at the upstream.',
    labels: ['provider'],
  },
  ferry_edits_total: {
    kind: 'counter',
    unit: '{edit}',
    about: 'Edits that have ended.',
    labels: ['provider', 'outcome'],
  },
  ferry_edit_retries: {
    kind: 'histogram',
    unit: '{retry}',
    about: 'Attempts after the first, for each edit that ended by itself.',
    labels: ['provider'],
    buckets: RETRIES,
  },
  ferry_edit_attempts_total: {
    kind: 'counter',
    unit: '{attempt}',
    about: 'Attempts of edits that have ended.',
    labels: CALL_LABELS,
  },
  ferry_edit_duration_seconds: {
    kind: 'histogram',
    unit: 's',
    about: 'How long an edit took.',
    labels: ['provider', 'outcome'],
    buckets: SECONDS,
  },
  ferry_sent_bytes_total: {
    kind: 'counter',
    unit: 'By',
    about: 'Body bytes sent to upstreams, those of failed attempts and the form around an image included.',
    labels: ['provider', 'operation'],
  },
  ferry_received_bytes_total: {
    kind: 'counter',
    unit: 'By',
    about: 'Body bytes received from upstreams.',
    labels: ['provider', 'operation'],
  },
  ferry_connections_opened_total: {
    kind: 'counter',
    unit: '{connection}',
    about: 'Connections to upstreams that were opened.',
    labels: ['provider', 'protocol', 'ahead'],
  },
  ferry_connections_reused_total: {
    kind: 'counter',
    unit: '{request}',
    about: 'Requests that were put on a connection which had carried one before.',
    labels: ['provider', 'protocol'],
  },
  ferry_connections_retired_total: {
    kind: 'counter',
    unit: '{connection}',
    about: 'Connections that were taken out of use, and why.',
    labels: ['provider', 'protocol', 'reason'],
  },
  ferry_fallback_changes_total: {
    kind: 'counter',
    unit: '{change}',
    about: 'Changes between HTTP/2 and HTTP/1.1.',
    labels: ['provider', 'road', 'reason'],
  },
  ferry_fallback_origins: {
    kind: 'gauge',
    unit: '{origin}',
    about: 'Origins that are not simply spoken to over HTTP/2.',
    labels: ['provider', 'road'],
    observed: true,
  },
  ferry_credential_changes_total: {
    kind: 'counter',
    unit: '{change}',
    about: 'How often a key was limited or refused, was tried again, and served again.',
    labels: ['provider', 'credential', 'state'],
  },
  ferry_credential_cooldown_seconds: {
    kind: 'gauge',
    unit: 's',
    about: 'How long a key rests yet; 0 when it can be used.',
    labels: ['provider', 'credential'],
    observed: true,
  },
  ferry_queue_depth: {
    kind: 'gauge',
    unit: '{request}',
    about: 'What waits for a place.',
    labels: ['queue'],
    observed: true,
  },
  ferry_queue_running: {
    kind: 'gauge',
    unit: '{request}',
    about: 'What has a place.',
    labels: ['queue'],
    observed: true,
  },
  ferry_queue_limit: {
    kind: 'gauge',
    unit: '{request}',
    about: 'How many places there are.',
    labels: ['queue'],
    observed: true,
  },
  ferry_alert_state: {
    kind: 'gauge',
    unit: '1',
    about: "The state of the process's own alerts: 0 inactive or resolved, 1 pending, 2 firing.",
    labels: ['alert', 'severity'],
    observed: true,
  },
  'http.client.request.duration': {
    kind: 'histogram',
    unit: 's',
    about: 'How long an attempt took, to the end of its answer.',
    labels: ['http.request.method', ...CLIENT_LABELS, 'http.response.status_code', 'error.type'],
    buckets: SECONDS,
  },
  'http.client.open_connections': {
    kind: 'gauge',
    unit: '{connection}',
    about: 'Connections to upstreams that are open.',
    labels: [...CLIENT_LABELS, 'http.connection.state'],
    observed: true,
  },
  'http.client.connection.duration': {
    kind: 'histogram',
    unit: 's',
    about: 'How long a connection was open.',
    labels: CLIENT_LABELS,
    buckets: LIFE_SECONDS,
  },
  'http.server.request.duration': {
    kind: 'histogram',
    unit: 's',
    about: 'How long a request to the API took, to the end of its answer.',
    labels: ['http.request.method', 'http.route', 'http.response.status_code'],
    buckets: SECONDS,
  },
  'process.cpu.time': {
    kind: 'counter',
    unit: 's',
    about: 'Processor time of the gateway.',
    labels: ['cpu.mode'],
    observed: true,
  },
  'process.memory.usage': {
    kind: 'gauge',
    unit: 'By',
    about: 'Resident memory of the gateway.',
    labels: [],
    observed: true,
  },
  'process.uptime': {
    kind: 'gauge',
    unit: 's',
    about: 'Since the gateway was started.',
    labels: [],
    observed: true,
  },
  'process.open_fds': {
    kind: 'gauge',
    unit: '{file_descriptor}',
    about: 'Open files and sockets, where the system tells.',
    labels: [],
    observed: true,
  },
  'nodejs.eventloop.delay.p50': {
    kind: 'gauge',
    unit: 's',
    about:
      'How late timers were during the last whole 5 s, median. The resolution of the measurement, 10 ms, is part of it.',
    labels: [],
    observed: true,
  },
  'nodejs.eventloop.delay.p99': {
    kind: 'gauge',
    unit: 's',
    about: 'The same, 99th percentile.',
    labels: [],
    observed: true,
  },
  'nodejs.eventloop.delay.max': {
    kind: 'gauge',
    unit: 's',
    about: 'The same, the latest of all.',
    labels: [],
    observed: true,
  },
  'nodejs.eventloop.utilization': {
    kind: 'gauge',
    unit: '1',
    about: 'Share of the last whole 5 s in which the event loop was busy, 0 to 1.',
    labels: [],
    observed: true,
  },
  'v8js.memory.heap.used': {
    kind: 'gauge',
    unit: 'By',
    about: 'Bytes in use on the JavaScript heap.',
    labels: [],
    observed: true,
  },
} as const satisfies Record<string, MetricFacts>;

export type MetricName = keyof typeof METRICS;

type NamesOf<K, O extends boolean> = {
  [N in MetricName]: (typeof METRICS)[N] extends { readonly kind: K }
    ? (typeof METRICS)[N] extends { readonly observed: true }
      ? O extends true
        ? N
        : never
      : O extends true
        ? never
        : N
    : never;
}[MetricName];

export type CounterName = NamesOf<'counter', false>;
export type HistogramName = NamesOf<'histogram', false>;
export type ObservedName = NamesOf<'counter' | 'gauge', true>;

/** The labels of a metric with their values. A label may be absent; one that is not declared does not compile. */
export type LabelsOf<N extends MetricName> = Partial<
  Record<(typeof METRICS)[N]['labels'][number], string | number>
>;

export const factsOf = (name: MetricName): MetricFacts => METRICS[name];

export const METRIC_NAMES = Object.keys(METRICS) as readonly MetricName[];

/** The Grafana dashboard: the figures with the thresholds of the alerts, and what to look at when one fires. */
import { measureExpression } from './promql.ts';
import type { AlertRule, Measure } from './rule.ts';

/** Grafana chooses it from the scrape interval and the zoom. */
const WINDOW = '$__rate_interval';
const DATASOURCE = { type: 'prometheus', uid: '$datasource' };

interface Chart {
  readonly title: string;
  readonly unit: string;
  readonly queries: readonly { readonly expr: string; readonly legend: string }[];
  readonly measure?: Measure;
}

const rate = (series: string): string => `rate(${series}[${WINDOW}])`;

const FIGURES: readonly Chart[] = [
  figure('Uploads that arrive', 'percentunit', 'success-rate'),
  figure('Retries an upload', 'short', 'average-retries'),
  figure('HTTP/2 errors', 'percentunit', 'http2-error-rate'),
  figure('Median time of an upload', 's', 'latency-p50'),
  figure('99th percentile', 's', 'latency-p99'),
];

const DETAILS: readonly Chart[] = [
  chart('Uploads a second', 'ops', [[`sum by (outcome) (${rate('ferry_uploads_total')})`, '{{outcome}}']]),
  chart('Edits a second', 'ops', [[`sum by (outcome) (${rate('ferry_edits_total')})`, '{{outcome}}']]),
  chart('Failed attempts by reason', 'ops', [
    [`sum by (error_type) (${rate('ferry_upload_attempts_total{error_type!="none"}')})`, '{{error_type}}'],
  ]),
  chart('Attempts by connection', 'ops', [
    [`sum by (protocol, reuse) (${rate('ferry_upload_attempts_total')})`, '{{protocol}} {{reuse}}'],
  ]),
  chart('Connections opened, and retired by reason', 'ops', [
    [`sum(${rate('ferry_connections_opened_total')})`, 'opened'],
    [`sum by (reason) (${rate('ferry_connections_retired_total')})`, '{{reason}}'],
  ]),
  chart('Open connections', 'short', [
    [
      'sum by (server_address, http_connection_state) (http_client_open_connections)',
      '{{server_address}} {{http_connection_state}}',
    ],
  ]),
  chart('Origins on HTTP/1.1', 'short', [
    ['sum by (provider, road) (ferry_fallback_origins)', '{{provider}} {{road}}'],
  ]),
  chart('Keys that rest', 's', [['ferry_credential_cooldown_seconds', '{{credential}}']]),
  chart('Waiting for a place', 'short', [['sum by (queue) (ferry_queue_depth)', '{{queue}}']]),
  chart('Bytes a second', 'Bps', [
    [`sum by (operation) (${rate('ferry_sent_bytes_total')})`, 'sent, {{operation}}'],
    [`sum by (operation) (${rate('ferry_received_bytes_total')})`, 'received, {{operation}}'],
  ]),
  chart('Event loop delay', 's', [
    ['nodejs_eventloop_delay_p99_seconds', 'p99 {{instance}}'],
    ['nodejs_eventloop_delay_max_seconds', 'max {{instance}}'],
  ]),
  chart('Memory', 'bytes', [['process_memory_usage_bytes', '{{instance}}']]),
];

function figure(title: string, unit: string, measure: Measure): Chart {
  return { title, unit, measure, queries: [{ expr: measureExpression(measure, WINDOW), legend: title }] };
}

function chart(title: string, unit: string, queries: readonly (readonly [string, string])[]): Chart {
  return { title, unit, queries: queries.map(([expr, legend]) => ({ expr, legend })) };
}

/** As Grafana imports it (schema version 39, Grafana 11). */
export function grafanaDashboard(rules: readonly AlertRule[]): object {
  const figures = FIGURES.flatMap((one, i) => [
    panel(one, 'stat', { x: Math.floor((i * 24) / FIGURES.length), y: 0, w: 4, h: 4 }, rules),
  ]);
  const series = [...FIGURES, ...DETAILS].map((one, i) =>
    panel(one, 'timeseries', { x: (i % 2) * 12, y: 4 + Math.floor(i / 2) * 8, w: 12, h: 8 }, rules),
  );
  return {
    title: 'Ferry',
    uid: 'ferry',
    tags: ['ferry'],
    schemaVersion: 39,
    editable: true,
    refresh: '10s',
    time: { from: 'now-1h', to: 'now' },
    templating: {
      list: [{ name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Prometheus' }],
    },
    annotations: {
      list: [
        {
          name: 'Alerts',
          datasource: DATASOURCE,
          enable: true,
          iconColor: 'red',
          expr: 'ALERTS{alertname=~"Ferry.*",alertstate="firing"}',
          titleFormat: '{{alertname}}',
        },
      ],
    },
    panels: [...figures, ...series].map((one, i) => ({ id: i + 1, ...one })),
  };
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

function panel(
  { title, unit, queries, measure }: Chart,
  type: string,
  gridPos: Place,
  rules: readonly AlertRule[],
): object {
  return {
    type,
    title,
    gridPos,
    datasource: DATASOURCE,
    targets: queries.map(({ expr, legend }, i) => ({
      refId: String.fromCharCode(65 + i),
      datasource: DATASOURCE,
      expr,
      legendFormat: legend,
    })),
    fieldConfig: {
      defaults: {
        unit,
        ...(measure !== undefined && {
          thresholds: { mode: 'absolute', steps: steps(rules.filter((rule) => rule.measure === measure)) },
          custom: { thresholdsStyle: { mode: type === 'timeseries' ? 'area' : 'off' } },
        }),
      },
      overrides: [],
    },
  };
}

const COLOURS = { warning: 'orange', critical: 'red' } as const;

interface Step {
  readonly color: 'green' | 'orange' | 'red';
  /** Null: from below everything. */
  readonly value: number | null;
}

/** From the lowest value up, as Grafana wants them: each colour holds from its value on. */
function steps(rules: readonly AlertRule[]): readonly Step[] {
  const rising = rules.toSorted((a, b) => a.threshold - b.threshold);
  if (rising[0]?.bad !== 'below') {
    const above = rising.map(
      ({ severity, threshold }): Step => ({ color: COLOURS[severity], value: threshold }),
    );
    return [{ color: 'green', value: null }, ...above];
  }
  // Bad below: the colour of a rule ends at its threshold, where the next one's begins.
  const colours = [...rising.map(({ severity }) => COLOURS[severity]), 'green' as const];
  const from = [null, ...rising.map(({ threshold }) => threshold)];
  return colours.map((color, i): Step => ({ color, value: from[i] ?? null }));
}

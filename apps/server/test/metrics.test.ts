import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { METRIC_NAMES } from '../src/metrics/catalog.ts';
import { LABELS } from '../src/metrics/labels.ts';
import { type Ferry, type LogLine, startFerry } from './support/ferry.ts';
import { form, picture, post } from './support/form.ts';
import { OtlpReceiver } from './support/otlp-receiver.ts';
import { PROMTOOL, withPromtool } from './support/promtool.ts';
import { EDITS, UPLOADS } from './support/simulator-control.ts';

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

function parse(text: string): Sample[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', text = '']) => [
        key,
        text,
      ]);
      return { name, labels: Object.fromEntries(pairs), value: Number(value) };
    });
}

const scrapeText = async ({ url }: Ferry): Promise<string> => {
  const response = await fetch(`${url}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  return await response.text();
};

const scrape = async (ferry: Ferry): Promise<Sample[]> => parse(await scrapeText(ferry));

const total = (samples: readonly Sample[], name: string, labels: Record<string, string> = {}): number =>
  samples
    .filter(
      (sample) =>
        sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    )
    .reduce((sum, { value }) => sum + value, 0);

const edit = (ferry: Ferry, init: RequestInit = {}) =>
  post(ferry.url, form({ prompt: 'a secret prompt', image: picture() }), init);

describe('/metrics', () => {
  let ferry: Ferry;
  beforeAll(async () => {
    ferry = await startFerry({ env: { FERRY_RETRY__RETRY_BACKOFF_BASE: '0.01' } });
  });
  afterAll(() => ferry[Symbol.asyncDispose]());

  test('counts start from zero before anything has happened', async () => {
    const samples = await scrape(ferry);
    for (const outcome of ['ok', 'failed', 'aborted']) {
      expect(samples).toContainEqual({
        name: 'ferry_uploads_total',
        labels: { provider: 'simulator', outcome },
        value: 0,
      });
    }
  });

  test('an upload that needed a retry is counted as one upload, two attempts and one retry', async () => {
    await ferry.simulator.reset();
    await ferry.simulator.fault({
      match: { path: UPLOADS },
      fault: { kind: 'rst', code: 'PROTOCOL_ERROR', when: 'middle' },
    });
    const before = await scrape(ferry);
    expect((await edit(ferry)).status).toBe(200);
    const after = await scrape(ferry);
    const grown = (name: string, labels: Record<string, string> = {}): number =>
      total(after, name, labels) - total(before, name, labels);
    expect(grown('ferry_uploads_total', { outcome: 'ok' })).toBe(1);
    expect(grown('ferry_uploads_total')).toBe(1);
    expect(grown('ferry_upload_attempts_total', { protocol: 'h2', error_type: 'http2_protocol_error' })).toBe(
      1,
    );
    expect(grown('ferry_upload_attempts_total', { protocol: 'h2', error_type: 'none' })).toBe(1);
    expect(grown('ferry_upload_retries_sum')).toBe(1);
    expect(grown('ferry_upload_retries_count')).toBe(1);
    expect(grown('ferry_upload_duration_seconds_count', { outcome: 'ok' })).toBe(1);
    expect(grown('ferry_upload_bytes_total')).toBe(picture().size);
    expect(grown('ferry_edits_total', { outcome: 'ok' })).toBe(1);
    expect(grown('ferry_connections_retired_total', { reason: 'stream-error' })).toBe(1);
    expect(grown('http_client_request_duration_seconds_count', { network_protocol_version: '2' })).toBe(3);
    expect(
      grown('http_server_request_duration_seconds_count', {
        http_route: '/api/v1/admin/img2img',
        http_response_status_code: '200',
      }),
    ).toBe(1);
  });

  test('an edit that failed is counted with the status that the upstream answered', async () => {
    await ferry.simulator.reset();
    await ferry.simulator.fault({
      match: { path: EDITS },
      fault: { kind: 'status', status: 517, when: 'after-body' },
    });
    await edit(ferry);
    const samples = await scrape(ferry);
    expect(total(samples, 'ferry_edits_total', { outcome: 'failed' })).toBe(1);
    expect(total(samples, 'ferry_edit_attempts_total', { error_type: '5xx' })).toBe(1);
  });

  test('every label has one of its declared values, whatever callers and upstreams send', async () => {
    await ferry.simulator.reset();
    for (const status of [299, 418, 451, 511, 599]) {
      await ferry.simulator.fault({
        match: { path: EDITS },
        fault: { kind: 'status', status, when: 'after-body' },
      });
      await edit(ferry, { headers: { 'x-request-id': `stranger-${status}` } });
    }
    await fetch(`${ferry.url}/api/v1/admin/made-up-${Math.random()}`);
    await fetch(`${ferry.url}/api/v1/admin/img2img`, { method: 'DELETE' });
    const declared = new Map(
      Object.entries(LABELS).map(([name, facts]) => [name.replaceAll('.', '_'), facts]),
    );
    for (const { name, labels } of await scrape(ferry)) {
      if (name === 'target_info') continue;
      for (const [label, value] of Object.entries(labels)) {
        if (label === 'le') continue;
        const facts = declared.get(label);
        expect(facts, `${name}{${label}}`).toBeDefined();
        if (facts !== undefined && 'values' in facts)
          expect(facts.values as readonly string[]).toContain(value);
        else
          expect(value).toMatch(/^(simulator|127\.0\.0\.1|\d+|\/(api|v1)\/[\w/:-]+|requests|uploads|edits)$/);
      }
    }
  });

  test('nothing a caller sent is in it', async () => {
    const text = await scrapeText(ferry);
    for (const word of ['rocket', 'secret prompt', 'stranger-', 'made-up']) expect(text).not.toContain(word);
  });

  test('every name of the catalogue that has something to tell is there', async () => {
    const names = new Set((await scrape(ferry)).map(({ name }) => name));
    for (const name of METRIC_NAMES) {
      if (/credential|fallback_changes|reused/.test(name)) continue;
      const stem = name.replaceAll('.', '_');
      expect(
        [...names].some((known) => known.startsWith(stem)),
        name,
      ).toBe(true);
    }
  });

  withPromtool('promtool finds nothing wrong with it', async () => {
    const run = promisify(execFile)(PROMTOOL, ['check', 'metrics']);
    run.child.stdin?.end(await scrapeText(ferry));
    const { stdout, stderr } = await run;
    expect(`${stdout}${stderr}`).toBe('');
  });
});

describe('OTLP', () => {
  const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';

  test('metrics and the trace of a request go to the collector, under the trace of its caller', async () => {
    await using collector = await OtlpReceiver.start();
    await using ferry = await startFerry({
      env: {
        FERRY_TELEMETRY__OTLP_ENDPOINT: collector.url,
        FERRY_RETRY__RETRY_BACKOFF_BASE: '0.01',
        OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer collector-key-1234',
        OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
      },
    });
    await ferry.simulator.fault({
      match: { path: UPLOADS },
      fault: { kind: 'rst', code: 'PROTOCOL_ERROR', when: 'middle' },
    });
    await edit(ferry, { headers: { traceparent: `00-${TRACE_ID}-00f067aa0ba902b7-01` } });
    // What is left is sent as the process ends.
    ferry.process.kill('SIGTERM');
    expect(await ferry.process.exit()).toEqual({ code: 0, signal: null });

    const traces = collector.bytes('/v1/traces');
    expect(traces.indexOf(Buffer.from(TRACE_ID, 'hex'))).toBeGreaterThan(0);
    const spans = [
      'POST /api/v1/admin/img2img',
      'upload',
      'edit',
      'http.request.resend_count',
      'ferry.upload.id',
    ];
    for (const text of [...spans, 'deployment.environment.name'])
      expect(traces.includes(text), text).toBe(true);
    expect(collector.bytes('/v1/metrics').includes('ferry_uploads_total')).toBe(true);
    expect(collector.authorization).toEqual(new Set(['Bearer collector-key-1234']));
    expect(ferry.process.stdout).not.toContain('collector-key-1234');
  });

  test('a collector that is away costs a line in the log, and no request', async () => {
    await using ferry = await startFerry({
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
        OTEL_EXPORTER_OTLP_TIMEOUT: '300',
        FERRY_TELEMETRY__OTLP_INTERVAL_S: '1',
      },
    });
    const isTold = ({ msg }: LogLine): boolean => msg.startsWith('Telemetry could not be sent');
    await ferry.process.line(isTold);
    expect((await edit(ferry)).status).toBe(200);
    ferry.process.kill('SIGTERM');
    expect(await ferry.process.exit()).toEqual({ code: 0, signal: null });
    expect(ferry.process.lines.filter(isTold)).toHaveLength(1);
  });
});

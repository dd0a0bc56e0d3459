import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { PROMTOOL, withPromtool } from '../../test/support/promtool.ts';
import { configSchema } from '../config/schema.ts';
import { METRIC_NAMES } from '../metrics/catalog.ts';
import { grafanaDashboard } from './grafana-dashboard.ts';
import { prometheusRules } from './prometheus-rules.ts';
import { alertRules, DEFINITIONS } from './rule.ts';

const OPS = fileURLToPath(new URL('../../../../ops/', import.meta.url));
const RULES = join(OPS, 'prometheus/ferry.rules.yml');
const rules = alertRules(configSchema.parse({}).alerts);
const promtool = async (...args: string[]): Promise<string> =>
  (await promisify(execFile)(PROMTOOL, args)).stdout;

test('the rules of ops/prometheus are those of the definition', async () => {
  expect(await readFile(RULES, 'utf8')).toBe(prometheusRules(rules));
});

test('the dashboard of ops/grafana is that of the definition', async () => {
  const dashboard = JSON.parse(await readFile(join(OPS, 'grafana/ferry.dashboard.json'), 'utf8'));
  expect(dashboard).toEqual(JSON.parse(JSON.stringify(grafanaDashboard(rules))));
});

test('every alert has a chapter in the handbook', async () => {
  const handbook = await readFile(new URL('../../../../docs/alerts.md', import.meta.url), 'utf8');
  for (const { name } of DEFINITIONS) expect(handbook).toContain(`\n### ${name}\n`);
});

withPromtool('Prometheus accepts the rules', async () => {
  expect(await promtool('check', 'rules', RULES)).toContain(`SUCCESS: ${rules.length} rules found`);
});

withPromtool('the rules fire, and stay quiet, as they should', async () => {
  expect(await promtool('test', 'rules', join(OPS, 'prometheus/ferry.rules.test.yml'))).toContain('SUCCESS');
});

withPromtool('every expression of the dashboard is one, over metrics there are', async () => {
  const expressions = JSON.stringify(grafanaDashboard(rules), (_key, value) => value);
  const found = [...expressions.matchAll(/"expr":("(?:[^"\\]|\\.)*")/g)].map(([, text = '""']) =>
    String(JSON.parse(text)),
  );
  expect(found.length).toBeGreaterThan(20);
  const records = found.map(
    (expr, i) =>
      `  - record: ferry:panel_${i}\n    expr: ${JSON.stringify(expr.replaceAll('$__rate_interval', '5m'))}`,
  );
  const folder = await mkdtemp(join(tmpdir(), 'ferry-rules-'));
  try {
    const file = join(folder, 'panels.yml');
    await writeFile(file, `groups:\n- name: panels\n  rules:\n${records.join('\n')}\n`);
    expect(await promtool('check', 'rules', file)).toContain('SUCCESS');
  } finally {
    await rm(folder, { recursive: true });
  }
  const known = METRIC_NAMES.map((name) => name.replaceAll('.', '_'));
  const names = found.map((expr) => expr.replace(/by \([^)]*\)/g, ''));
  for (const name of names.flatMap((expr) => expr.match(/\b(?:ferry|http|nodejs|process)_\w+/g) ?? [])) {
    expect(
      known.some((stem) => name.startsWith(stem)),
      name,
    ).toBe(true);
  }
});

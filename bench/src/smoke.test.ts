import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compareReport } from './compare/report.ts';
import { PARTS, planOf } from './plan.ts';
import { writeReport } from './report/write.ts';
import { parseResults, type Results } from './results/results.ts';
import { run } from './run.ts';

// Whether every part runs and is told, never how fast: the plan is too short for figures to mean anything.
const MAX_MS = 180_000;

let directory: string;
let results: Results;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ferry-bench-smoke-'));
  const listener = { say: () => undefined, save: () => Promise.resolve() };
  // Two halves at once: much of either is waiting, and nobody looks at the figures.
  const [one, other] = await Promise.all([
    run(planOf('smoke'), ['transports', 'promises'], listener),
    run(planOf('smoke'), ['gateway', 'fire'], listener),
  ]);
  const measurements = [...one.measurements, ...other.measurements];
  const failures = [...one.failures, ...other.failures];
  await writeReport({ ...one, parts: PARTS, measurements, failures }, directory);
  results = parseResults(await readFile(join(directory, 'results.json'), 'utf8'));
}, MAX_MS);

afterAll(() => rm(directory, { recursive: true, force: true }));

test('every part ran to its end', () => {
  expect(results.failures).toEqual([]);
});

test('every promise has a row with a figure', () => {
  const kinds = new Set(results.rows.map(({ id }) => id.split(':')[0]));
  expect([...kinds]).toEqual([
    'speed',
    'prewarmed',
    'bundle',
    'cut-through',
    'gateway overhead',
    'gateway throughput',
    'memory',
    'stale eviction',
    'cost of a retry',
  ]);
  for (const { id, measured } of results.rows)
    expect([id, measured.every(Number.isFinite)]).toEqual([id, true]);
});

test('the gateway is measured beside the way without one, and nothing failed', () => {
  const gateway = results.measurements.filter(({ part }) => part === 'gateway');
  expect(gateway.map(({ variant }) => variant)).toEqual(['direct', 'undici-pooled']);
  for (const { rounds } of gateway) expect(rounds.map(({ failures }) => failures)).toEqual([0]);
  expect(gateway[1]?.rounds[0]).toMatchObject({
    overheadMs: expect.any(Number),
    p50Ms: expect.any(Number),
    connectionsPerRequest: expect.any(Number),
    clientCpuSecondsPerGigabyte: expect.any(Number),
  });
  // Of four requests nobody can say what one in a hundred takes.
  expect(gateway[1]?.rounds[0]).not.toHaveProperty('p99Ms');
});

test('under fire every upload of ours arrives', () => {
  const fire = results.measurements.filter(({ part }) => part === 'fire');
  expect(new Set(fire.map(({ setting }) => setting.trouble)).size).toBe(3);
  const ours = fire.filter(({ variant }) => variant === 'undici-pooled');
  for (const { rounds } of ours) expect(rounds).toMatchObject([{ successRate: 1, failures: 0 }]);
});

test('the report has its tables and points to charts that are there', async () => {
  const page = await readFile(join(directory, 'report.md'), 'utf8');
  expect(page).toContain('## What the design promised');
  const named = [...page.matchAll(/\]\((charts\/[^)]+)\)/g)].map(([, path]) => path);
  expect(named).toEqual((await readdir(join(directory, 'charts'))).map((name) => `charts/${name}`));
});

test('a run beside itself has not changed', () => {
  expect(compareReport(results, results)).toContain('Nothing.');
});

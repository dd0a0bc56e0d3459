import { expect, test } from 'vitest';
import type { Measurement, Round } from '../results/measurement.ts';
import { distributionOf } from '../results/quantiles.ts';
import { someMeasurement } from '../testing/results.ts';
import { connectionOverheadTable } from './connection-overhead.ts';
import { partTables } from './tables.ts';

function gateway(variant: string, roundTripMs: number, rounds: readonly Round[]): Measurement {
  const setting = { bodyBytes: 1_000_000, roundTripMs, windowBytes: 1_048_576, atOnce: 1 };
  return { part: 'gateway', setting, variant, label: variant, rounds };
}

test('clients stand beside what Node and C can do, in the same rounds', () => {
  const table = partTables('transports', [
    someMeasurement('undici-pooled', [90, 45]),
    someMeasurement('raw-h2', [100, 50]),
    someMeasurement('h2load', [180, 90]),
  ]);
  expect(table).toMatch(/MB\/s \| +of node:http2 \| +of h2load/);
  expect(table).toMatch(/undici-pooled .* 0\.90 \(0\.90–0\.90\) \| +0\.50 \(0\.50–0\.50\)/);
});

test('without h2load nothing is said of it', () => {
  const table = partTables('transports', [
    someMeasurement('undici-pooled', [90]),
    someMeasurement('raw-h2', [100]),
  ]);
  expect(table).toContain('of node:http2');
  expect(table).not.toContain('h2load');
});

test('how many requests were measured stands in front, and a p99 of fewer than a hundred is left blank', () => {
  const of = (requests: number): string => {
    const each = gateway('auto', 0, [
      { requests, failures: 0, p50Ms: 2 },
      { requests: 50, failures: 0, p50Ms: 2 },
    ]);
    return partTables('gateway', [{ ...each, distribution: distributionOf([1, 2, 3]) ?? [] }]);
  };
  expect(of(50)).toMatch(/\| +requests \| .* p99 ms[\s\S]*\| auto \| +100 \|/);
  expect(of(49)).not.toContain('p99');
});

test('a connection’s cost is that beyond open ones, in milliseconds and in round trips, by distance', () => {
  const measured = [100, 50].flatMap((roundTripMs) => [
    gateway('undici-fresh', roundTripMs, [{ p50Ms: 10 * roundTripMs }, { p50Ms: 11 * roundTripMs }]),
    gateway('undici-prewarmed', roundTripMs, [{ p50Ms: 6 * roundTripMs }, { p50Ms: 7 * roundTripMs }]),
    gateway('undici-pooled', roundTripMs, [{ p50Ms: 4 * roundTripMs }, { p50Ms: 5 * roundTripMs }]),
  ]);
  const [, , near, far] = connectionOverheadTable(measured).split('\n');
  expect(near).toMatch(/50 ms away.* 300 \(300–300\) \| +6\.0 \| +100 \(100–100\) \| +2\.0 \|/);
  expect(far).toMatch(/100 ms away.* 600 \(600–600\) \| +6\.0 \| +200 \(200–200\) \| +2\.0 \|/);
  expect(connectionOverheadTable(measured.slice(0, 1))).toBe('');
});

import { expect, test } from 'vitest';
import { LARGE_TOGETHER } from './cell.ts';
import type { Measured } from './job.ts';
import { PROMISES } from './promises.ts';
import { cellTable, verdictTable } from './tables.ts';

const measured: Measured = {
  uploads: 500,
  bytes: 500_000_000,
  ms: 1_000,
  cpuMs: 500,
  peakRssBytes: 0,
  latenciesMs: [],
};

test('a cell shows each client beside the two it is compared with', () => {
  const table = cellTable({
    cell: LARGE_TOGETHER,
    rounds: { 'undici-pooled': [measured], 'raw-h2': [{ ...measured, ms: 500 }] },
  });
  const [title, , head, , pooled, raw] = table.split('\n');
  expect(title).toBe('### 1 MB x 8');
  expect(head).toMatch(/client .* MB\/s .* of node:http2 .* CPU s\/GB .* of undici Agent/);
  expect(pooled).toMatch(/^\| Ferry HTTP\/2 POOLED .* 500 \(500–500\) .* 0\.50 \(0\.50–0\.50\) .* 1\.00 \(/);
  expect(raw).toMatch(/^\| node:http2, one session .* 1000 \(1000–1000\) .* 1\.00 \(/);
});

test('a promise that was missed is said to be missed', () => {
  const [promise] = PROMISES;
  if (promise === undefined) throw new Error('there are promises');
  const spread = { median: 0.5, min: 0.4, max: 0.6 };
  expect(verdictTable([{ promise, measured: spread, ratios: [0.5], reached: false }])).toMatch(
    /0\.50 \(0\.40–0\.60\) \| +missed \|/,
  );
  expect(verdictTable([{ promise, measured: spread, ratios: [0.5], reached: true }])).toMatch(
    /\| +reached \|/,
  );
});

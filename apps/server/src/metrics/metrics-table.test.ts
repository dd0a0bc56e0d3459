import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { labelsTable, metricsTable } from './metrics-table.ts';

const page = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8');

/** Table cells without the padding that the formatter adds. */
const cells = (table: string): string => table.replace(/ *\| */g, '|').replace(/-{3,}/g, '---');

test('docs/metrics.md says of every metric what is registered', () => {
  expect(cells(page)).toContain(cells(metricsTable()));
});

test('docs/metrics.md says which values each label can have', () => {
  expect(cells(page)).toContain(cells(labelsTable()));
});

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { optionsTable } from './options-table.ts';
import { configSchema } from './schema.ts';
import { leaves } from './walk.ts';

const docs = readFileSync(new URL('../../../../docs/configuration.md', import.meta.url), 'utf8');

/** Formatters pad the cells of tables. */
const unpadded = (markdown: string): string => markdown.replace(/ {2,}/g, ' ').replace(/-{3,}/g, '---');

test('docs/configuration.md lists every key with its default, unit and meaning', () => {
  expect(unpadded(docs)).toContain(unpadded(optionsTable()));
});

test('every key is described', () => {
  const keys = leaves(configSchema);
  expect(keys.length).toBeGreaterThan(30);
  for (const { key, facts } of keys) {
    expect(facts.about, key).toMatch(/\.$/);
    if (key.endsWith('_ms')) expect(facts.unit, key).toBe('ms');
  }
});

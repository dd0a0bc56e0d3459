import { describe, expect, test } from 'vitest';
import { pending, read, sections, shown, typed } from './draft.ts';
import type { Setting } from './settings-api.ts';

const setting = (key: string, value: Setting['value'], schema: Setting['schema']): Setting => ({
  key,
  value,
  default: value,
  source: { kind: 'default', name: null },
  configured: null,
  about: '',
  unit: null,
  expected: 'what is expected',
  schema,
  cost: { about: '' },
});

const SPARES = setting('pool.spares', 2, { type: 'integer', minimum: 0, maximum: 32 });
const FACTOR = setting('retry.factor', 1.5, { type: 'number', minimum: 1, maximum: 10 });
const REUSE = setting('upload.reuse_session', false, { type: 'boolean' });
const TRANSPORT = setting('upload.transport', 'auto', { type: 'string', enum: ['auto', 'http1'] });
const CODES = setting('retry.codes', [429, 503], { type: 'array' });
const ALL = [REUSE, TRANSPORT, SPARES, FACTOR, CODES];

describe('what is typed', () => {
  test.each([
    [SPARES, '4', 4],
    [SPARES, ' 0 ', 0],
    [FACTOR, '2.5', 2.5],
    [CODES, '429, 502 503', [429, 502, 503]],
    [CODES, '', []],
    [TRANSPORT, 'http1', 'http1'],
    [REUSE, true, true],
  ] as const)('is read as a value: %o', (of, raw, value) => {
    expect(read(of, raw)).toEqual({ ok: true, value });
  });

  test.each([
    [SPARES, ''],
    [SPARES, '33'],
    [SPARES, '-1'],
    [SPARES, '1.5'],
    [SPARES, 'many'],
    [FACTOR, '0.5'],
    [CODES, '429, x'],
    [TRANSPORT, 'carrier pigeon'],
  ] as const)('is refused with what is expected: %o', (of, raw) => {
    expect(read(of, raw)).toEqual({ ok: false, problem: 'Expected what is expected.' });
  });
});

test('what is typed back to the value that is in effect is no change', () => {
  const once = typed({}, SPARES, '4');
  expect(once).toEqual({ 'pool.spares': '4' });
  expect(typed(once, SPARES, '2')).toEqual({});
  expect(typed({}, CODES, shown(CODES.value))).toEqual({});
});

test('a value that does not fit keeps the others from being applied, and says which it is', () => {
  const draft = { 'pool.spares': '99', 'upload.reuse_session': true };
  expect(pending(draft, ALL)).toEqual({
    values: { 'upload.reuse_session': true },
    problems: { 'pool.spares': 'Expected what is expected.' },
  });
});

test('sections keep the order of the settings, without those that stand apart', () => {
  const names = sections(ALL, ['upload.reuse_session', 'upload.transport']).map(([name, list]) => [
    name,
    list.map(({ key }) => key),
  ]);
  expect(names).toEqual([
    ['pool', ['pool.spares']],
    ['retry', ['retry.factor', 'retry.codes']],
  ]);
});

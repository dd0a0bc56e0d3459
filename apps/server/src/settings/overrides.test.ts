import { expect, test } from 'vitest';
import { configSchema } from '../config/schema.ts';
import { overlay, withValues } from './overrides.ts';
import { DEFINITIONS } from './setting-definition.ts';
import { diffOf } from './settings-diff.ts';

const started = configSchema.parse({ upload: { reuse_session: true }, pool: { spares: 5 } });

test('a changed setting goes over the configuration, and leaves its neighbours', () => {
  const { config, ignored } = overlay(started, { 'pool.max_streams': 9 });
  expect(config.pool).toEqual({ ...started.pool, max_streams: 9 });
  expect([config.upload, ignored]).toEqual([started.upload, []]);
  expect(started.pool.max_streams).toBe(4);
});

test.each([
  ['a value out of the range of this version', 'upload.concurrency', 100_000, /whole number from 1 to 256/],
  ['a value of another type', 'upload.reuse_session', 'yes', /true or false/],
  ['a setting that is gone', 'pool.magic', 1, /no such setting/],
  ['a key that may hold a secret', 'upload.proxy', 'none', /no such setting/],
  ['a key that is read at the start only', 'server.port', 1, /no such setting/],
])('%s is ignored with a reason, and the rest holds', (_, key, value, why) => {
  const { config, ignored } = overlay(started, { [key]: value, 'retry.max_retry': 1 });
  expect(ignored).toEqual([{ key, value, why: expect.stringMatching(why) }]);
  expect(config).toEqual({ ...started, retry: { ...started.retry, max_retry: 1 } });
});

test('no setting holds a secret, and every one says what it means', () => {
  expect(DEFINITIONS.has('upload.proxy')).toBe(false);
  for (const { facts, byDefault } of DEFINITIONS.values()) {
    expect(facts.about).toMatch(/\.$/);
    expect(byDefault).toBeDefined();
  }
});

test('a setting knows its range, its unit and its default from the schema', () => {
  expect(DEFINITIONS.get('pool.max_idle_ms')).toMatchObject({
    byDefault: 30_000,
    facts: { unit: 'ms' },
    valueSchema: { type: 'integer', minimum: 100, maximum: 3_600_000 },
  });
  expect(DEFINITIONS.get('upload.transport')?.valueSchema.enum).toEqual(['auto', 'undici', 'http1']);
});

test('null takes an override away, and a value that holds as configured is none', () => {
  const values = new Map<string, unknown>([
    ['upload.reuse_session', null],
    ['pool.spares', 5],
    ['retry.max_retry', 3],
    ['pool.max_streams', 8],
  ]);
  const overrides = { 'upload.reuse_session': false, 'pool.spares': 1 };
  expect(withValues(overlay(started, overrides).config, overrides, values)).toEqual({
    'pool.spares': 5,
    'pool.max_streams': 8,
  });
});

test('a difference says what was and what is, and when it is the configuration again', () => {
  const before = { 'upload.reuse_session': false, 'retry.retry_status_codes': [500] };
  const after = { 'retry.retry_status_codes': [500], 'pool.spares': 0 };
  expect(diffOf(started, before, after)).toEqual([
    { key: 'upload.reuse_session', from: false, to: true, configured: true },
    { key: 'pool.spares', from: 5, to: 0, configured: false },
  ]);
});

import { expect, test } from 'vitest';
import { resolveDatabaseUrl } from './database-url.ts';

const URL = 'postgres://user:hunter2@db.example/ferry';

test('the reference of the configuration goes before DATABASE_URL, and nothing is none', () => {
  expect(resolveDatabaseUrl('env:DB', { DATABASE_URL: 'postgres://other/x' }, () => URL)).toBe(URL);
  expect(resolveDatabaseUrl(undefined, { DATABASE_URL: URL }, () => undefined)).toBe(URL);
  expect(resolveDatabaseUrl(undefined, {}, () => undefined)).toBeUndefined();
  expect(resolveDatabaseUrl(undefined, { DATABASE_URL: '' }, () => undefined)).toBeUndefined();
});

test('what is no PostgreSQL is refused by name, without its value', () => {
  const wrong = (): unknown =>
    resolveDatabaseUrl(undefined, { DATABASE_URL: 'mysql://u:hunter2@h/d' }, () => undefined);
  expect(wrong).toThrow(/^DATABASE_URL is no address of a PostgreSQL, expected one such as/);
  expect(wrong).not.toThrow(/hunter2/);
});

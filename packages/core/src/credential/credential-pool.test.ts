import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { CredentialPool, type CredentialPoolOptions, singleCredential } from './credential-pool.ts';

const NONE: ReadonlySet<string> = new Set();

function pool(clock = new FakeClock(), options: CredentialPoolOptions = {}): CredentialPool {
  const keys = ['a', 'b', 'c'].map((alias) => ({ alias, secret: `sk-${alias}-secret` }));
  return new CredentialPool(keys, { clock, ...options });
}

const take = (from: CredentialPool, tried: ReadonlySet<string> = NONE) => from.take(tried)?.alias;

test('keys are used in turn', () => {
  const keys = pool();
  expect([take(keys), take(keys), take(keys), take(keys)]).toEqual(['a', 'b', 'c', 'a']);
});

test('a key that a request has tried is not given to it again', () => {
  const keys = pool();
  expect(take(keys, new Set(['a', 'b']))).toBe('c');
  expect(take(keys, new Set(['a', 'b', 'c']))).toBeUndefined();
});

test('a limited key rests as long as the upstream asked for', () => {
  const clock = new FakeClock();
  const keys = pool(clock);
  keys.report('a', 429, 5_000);
  expect([take(keys), take(keys), take(keys)]).toEqual(['b', 'c', 'b']);
  clock.advance(5_000);
  expect([take(keys), take(keys)]).toEqual(['c', 'a']);
});

test('a limited key rests ten seconds when the upstream does not say, and an hour at most', () => {
  const keys = pool();
  keys.report('a', 429);
  keys.report('b', 429, 7 * 24 * 3_600_000);
  expect(keys.list().map((key) => key.restMs)).toEqual([10_000, 3_600_000, 0]);
});

test('a refused key rests longer than a limited one, and a later limit does not shorten that', () => {
  const keys = pool();
  keys.report('a', 401);
  keys.report('a', 429, 1_000);
  keys.report('b', 403);
  expect(keys.list().slice(0, 2)).toEqual([
    { alias: 'a', state: 'refused', restMs: 600_000, taken: 0 },
    { alias: 'b', state: 'refused', restMs: 600_000, taken: 0 },
  ]);
});

test('when all keys rest, the one that is ready first is used', () => {
  const keys = pool();
  keys.report('a', 429, 9_000);
  keys.report('b', 429, 3_000);
  keys.report('c', 401);
  expect(take(keys)).toBe('b');
  expect(take(keys, new Set(['b']))).toBe('a');
});

test('an answer that says nothing about the key leaves it ready', () => {
  const keys = pool();
  for (const status of [200, 400, 404, 500, 502, 503]) keys.report('a', status, 5_000);
  keys.report('of another pool', 401);
  expect(keys.list().every((key) => key.state === 'ready')).toBe(true);
});

test('the list shows every key by its alias, how often it was used, and when it is ready again', () => {
  const clock = new FakeClock();
  const keys = pool(clock);
  take(keys);
  keys.report('a', 429, 4_000);
  clock.advance(1_000);
  expect(keys.list()).toEqual([
    { alias: 'a', state: 'limited', restMs: 3_000, taken: 1 },
    { alias: 'b', state: 'ready', restMs: 0, taken: 0 },
    { alias: 'c', state: 'ready', restMs: 0, taken: 0 },
  ]);
});

test('a pool shows no secret when it is printed or listed', () => {
  const keys = pool();
  expect(inspect(keys, { depth: null, showHidden: true })).not.toContain('secret');
  expect(JSON.stringify([keys, keys.list()])).not.toContain('secret');
});

test('one key is given until the request has tried it', () => {
  const key = singleCredential('sk-secret', 'main');
  expect(key.take(NONE)).toEqual({ alias: 'main', secret: 'sk-secret' });
  key.report('main', 401);
  expect(key.take(NONE)?.alias).toBe('main');
  expect(key.take(new Set(['main']))).toBeUndefined();
  expect(singleCredential('sk-secret').take(NONE)?.alias).toBe('default');
});

test.each(['', 'two words', 'line\nbreak', 'kéy'])(
  'a secret that no header can hold is refused by its alias: %j',
  (secret) => {
    const make = () => singleCredential(secret, 'main');
    expect(make).toThrow(/credential main/);
    expect(() => new CredentialPool([{ alias: 'main', secret }])).toThrow(/credential main/);
    if (secret !== '') expect(make).not.toThrow(secret);
  },
);

test('a pool of nothing and two keys of one name are refused', () => {
  expect(() => new CredentialPool([])).toThrow(/at least one/);
  const key = { alias: 'main', secret: 'sk-secret' };
  expect(() => new CredentialPool([key, key])).toThrow(/main/);
});

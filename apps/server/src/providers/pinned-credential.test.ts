import { CredentialPool } from '@ferry/core';
import { expect, test } from 'vitest';
import { PinnedCredential } from './pinned-credential.ts';

const NONE: ReadonlySet<string> = new Set();
const pool = () =>
  new CredentialPool([
    { alias: 'a', secret: 'ka' },
    { alias: 'b', secret: 'kb' },
  ]);

test('all uploads of a request use one key, while requests take turns', () => {
  const keys = pool();
  const [first, second] = [new PinnedCredential(keys), new PinnedCredential(keys)];
  expect([first.take(NONE), first.take(NONE), first.take(NONE)].map((key) => key?.alias)).toEqual([
    'a',
    'a',
    'a',
  ]);
  expect(second.take(NONE)?.alias).toBe('b');
});

test('a refused key is left by all of them', () => {
  const pinned = new PinnedCredential(pool());
  pinned.take(NONE);
  pinned.report('a', 401);
  expect(pinned.take(new Set(['a']))?.alias).toBe('b');
  expect(pinned.take(NONE)?.alias).toBe('b');
  expect(pinned.alias).toBe('b');
});

test('the edit uses the key that owns the files or none', () => {
  const pinned = new PinnedCredential(pool());
  pinned.take(NONE);
  const fixed = pinned.fixed();
  expect(fixed.take(NONE)?.alias).toBe('a');
  expect(fixed.take(new Set(['a']))).toBeUndefined();
});

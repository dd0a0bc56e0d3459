import { CredentialPool, type CredentialSource } from '@ferry/core';
import { FakeClock } from '@ferry/core/testing';
import { expect, test } from 'vitest';
import { PinnedCredential } from './pinned-credential.ts';

const NONE: ReadonlySet<string> = new Set();
const pool = (clock = new FakeClock(), aliases = ['a', 'b']) =>
  new CredentialPool(
    aliases.map((alias) => ({ alias, secret: `k${alias}` })),
    { clock },
  );

/** Takes a key, and gives it back with an answer. */
function use(from: CredentialSource, status?: number, retryAfterMs?: number): string | undefined {
  const lease = from.take(NONE);
  lease?.release({ status, retryAfterMs });
  return lease?.credential.alias;
}

test('all uploads of a request use one key, while requests take turns', () => {
  const keys = pool();
  const [first, second] = [new PinnedCredential(keys), new PinnedCredential(keys)];
  expect([use(first), use(first), use(first)]).toEqual(['a', 'a', 'a']);
  expect(use(second)).toBe('b');
});

test('a refused key is left by all of them', () => {
  const pinned = new PinnedCredential(pool());
  use(pinned, 401);
  expect(pinned.take(new Set(['a']))?.credential.alias).toBe('b');
  expect(use(pinned)).toBe('b');
  expect(pinned.alias).toBe('b');
});

test('a limited key is left at once, and never returned to', () => {
  const clock = new FakeClock();
  const pinned = new PinnedCredential(pool(clock));
  use(pinned, 429, 5_000);
  expect(pinned.outlook(NONE)).toEqual({ type: 'ready' });
  expect(use(pinned, 429, 60_000)).toBe('b');
  expect(pinned.outlook(NONE)).toEqual({ type: 'resting', restMs: 60_000, cause: 'limited' });
  clock.advance(5_000);
  expect([pinned.take(NONE), pinned.alias]).toEqual([undefined, 'b']);
  clock.advance(55_000);
  expect(use(pinned)).toBe('b');
});

test('when the other key is ready sooner, that is what the request waits for', () => {
  const clock = new FakeClock();
  const keys = pool(clock);
  const pinned = new PinnedCredential(keys);
  use(pinned);
  keys.only('b').take(NONE)?.release({ status: 429, retryAfterMs: 2_000 });
  use(pinned, 429, 9_000);
  expect(pinned.outlook(NONE)).toEqual({ type: 'resting', restMs: 2_000, cause: 'limited' });
  clock.advance(2_000);
  expect(use(pinned)).toBe('b');
});

test('all uploads of a request together probe one refused key, and then use one that serves', () => {
  const clock = new FakeClock();
  const keys = pool(clock, ['a', 'b', 'c']);
  for (const alias of ['a', 'b']) keys.only(alias).take(NONE)?.release({ status: 401 });
  clock.advance(5_000);
  const pinned = new PinnedCredential(keys);
  const [first, second] = [pinned.take(NONE), pinned.take(NONE)];
  expect([first, second].map((lease) => lease?.credential.alias)).toEqual(['a', 'a']);
  for (const lease of [first, second]) lease?.release({ status: 401 });
  // The second upload has not probed anything itself.
  expect(pinned.take(new Set(['a']))?.credential.alias).toBe('c');
});

test('the edit uses the key that owns the files or none, waits while it is limited, and does not move', () => {
  const pinned = new PinnedCredential(pool());
  use(pinned);
  const fixed = pinned.fixed();
  expect(fixed.take(new Set(['a']))).toBeUndefined();
  expect(use(fixed, 429, 3_000)).toBe('a');
  expect(fixed.outlook(NONE)).toEqual({ type: 'resting', restMs: 3_000, cause: 'limited' });
});

import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import type { CredentialLease, CredentialSource } from './credential.ts';
import { type CredentialEvent, CredentialPool, type CredentialPoolOptions } from './credential-pool.ts';
import { singleCredential } from './single-credential.ts';

const NONE: ReadonlySet<string> = new Set();

function pool(clock = new FakeClock(), options: CredentialPoolOptions = {}, aliases = ['a', 'b', 'c']) {
  const keys = aliases.map((alias) => ({ alias, secret: `sk-${alias}-secret` }));
  return new CredentialPool(keys, { clock, random: () => 0, ...options });
}

function take(from: CredentialSource, refused: ReadonlySet<string> = NONE): CredentialLease {
  const lease = from.take(refused);
  if (lease === undefined) throw new Error('there was no credential');
  return lease;
}

const alias = (lease: CredentialLease | undefined): string | undefined => lease?.credential.alias;

/** Takes a key and gives it back with an answer. */
function use(from: CredentialSource, status?: number, retryAfterMs?: number): string {
  const lease = take(from);
  lease.release({ status, retryAfterMs });
  return lease.credential.alias;
}

const states = (keys: CredentialPool) => keys.list().map(({ state }) => state);
const inFlight = (keys: CredentialPool) => keys.list().map((key) => key.inFlight);

test('an attempt gets the key with the fewest attempts under way, and among equals the one used longest ago', () => {
  const keys = pool();
  const [a, b, c] = [take(keys), take(keys), take(keys)];
  expect([a, b, c].map(alias)).toEqual(['a', 'b', 'c']);
  b.release();
  expect(alias(take(keys))).toBe('b');
  c.release();
  a.release();
  expect([take(keys), take(keys)].map(alias)).toEqual(['a', 'c']);
});

test('a lease is given back once, however often it is released', () => {
  const keys = pool();
  const lease = take(keys);
  expect(inFlight(keys)).toEqual([1, 0, 0]);
  lease.release({ status: 429 });
  lease.release({ status: 401 });
  lease.release();
  expect(inFlight(keys)).toEqual([0, 0, 0]);
  expect(states(keys)).toEqual(['limited', 'ready', 'ready']);
});

test('a key that a request was refused with is not given to it again', () => {
  const keys = pool();
  expect(alias(take(keys, new Set(['a', 'b'])))).toBe('c');
  const all = new Set(['a', 'b', 'c']);
  expect([keys.take(all), keys.outlook(all)]).toEqual([undefined, { type: 'none' }]);
});

test('a limited key rests as long as the upstream asked for', () => {
  const clock = new FakeClock();
  const keys = pool(clock);
  use(keys, 429, 5_000);
  expect([use(keys), use(keys), use(keys)]).toEqual(['b', 'c', 'b']);
  clock.advance(5_000);
  expect([use(keys), use(keys)]).toEqual(['a', 'c']);
});

test('a limited key rests longer each time when the upstream does not say how long, until it is accepted', () => {
  const clock = new FakeClock();
  const keys = pool(clock, {}, ['a']);
  const rest = () => keys.list()[0]?.restMs ?? 0;
  const rests = [1, 2, 3].map(() => {
    use(keys, 429);
    const ms = rest();
    clock.advance(ms);
    return ms;
  });
  expect(rests).toEqual([1_000, 2_000, 4_000]);
  use(keys, 200);
  use(keys, 429);
  expect(rest()).toBe(1_000);
});

test('no upstream takes a key out for more than an hour', () => {
  const keys = pool();
  use(keys, 429, 7 * 24 * 3_600_000);
  expect(keys.list()[0]?.restMs).toBe(3_600_000);
});

test('a shorter limit that comes later does not end a longer one', () => {
  const keys = pool(new FakeClock(), {}, ['a']);
  const [first, second] = [take(keys), take(keys)];
  first.release({ status: 429, retryAfterMs: 9_000 });
  second.release({ status: 429, retryAfterMs: 1_000 });
  expect(keys.list()[0]?.restMs).toBe(9_000);
});

test('when all keys are limited none is given, and the outlook says when the first is ready', () => {
  const keys = pool();
  use(keys, 429, 9_000);
  use(keys, 429, 3_000);
  use(keys, 401);
  expect(keys.take(NONE)).toBeUndefined();
  expect(keys.outlook(NONE)).toEqual({ type: 'resting', restMs: 3_000, cause: 'limited' });
  expect(keys.outlook(new Set(['b']))).toEqual({ type: 'resting', restMs: 9_000, cause: 'limited' });
  expect(keys.outlook(new Set(['a', 'b']))).toEqual({ type: 'resting', restMs: 5_000, cause: 'refused' });
});

test('after its rest exactly one request probes a refused key, the others use other keys', () => {
  const clock = new FakeClock();
  const keys = pool(clock, {}, ['a', 'b']);
  use(keys, 401);
  expect([use(keys), use(keys)]).toEqual(['b', 'b']);
  clock.advance(5_000);
  const probe = take(keys);
  expect([alias(probe), states(keys)]).toEqual(['a', ['probing', 'ready']]);
  expect([use(keys), use(keys)]).toEqual(['b', 'b']);
  probe.release({ status: 200 });
  expect(states(keys)).toEqual(['ready', 'ready']);
  expect(use(keys)).toBe('a');
});

test('each probe that is refused doubles the rest, up to ten minutes', () => {
  const clock = new FakeClock();
  const keys = pool(clock, {}, ['a']);
  const rests: number[] = [];
  for (let i = 0; i < 9; i += 1) {
    use(keys, 401);
    const [key] = keys.list();
    rests.push(key?.restMs ?? 0);
    clock.advance(key?.restMs ?? 0);
  }
  expect(rests).toEqual([5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 320_000, 600_000, 600_000]);
});

test('keys that are refused together do not all come back at the same moment', () => {
  const clock = new FakeClock();
  const drawn = [0, 0.25, 0.5];
  const keys = pool(clock, { random: () => drawn.shift() ?? 0 });
  for (const one of ['a', 'b', 'c']) take(keys.only(one)).release({ status: 401 });
  expect(keys.list().map(({ restMs }) => restMs)).toEqual([5_000, 4_750, 4_500]);
});

test('a probe that comes to nothing leaves the key to the next one', () => {
  const clock = new FakeClock();
  const keys = pool(clock, {}, ['a']);
  use(keys, 401);
  clock.advance(5_000);
  for (const nothing of [undefined, 500, 404]) {
    expect(use(keys, nothing)).toBe('a');
    expect(states(keys)).toEqual(['refused']);
  }
  use(keys, 200);
  expect(states(keys)).toEqual(['ready']);
});

test('a probe that is limited has shown that the key is accepted', () => {
  const clock = new FakeClock();
  const keys = pool(clock, {}, ['a']);
  use(keys, 401);
  clock.advance(5_000);
  use(keys, 429, 2_000);
  expect(keys.list()[0]).toMatchObject({ state: 'limited', restMs: 2_000 });
});

test('what was under way when a key was refused neither doubles its rest nor restores it', () => {
  const keys = pool(new FakeClock(), {}, ['a']);
  const [first, second, third, fourth] = [take(keys), take(keys), take(keys), take(keys)];
  first.release({ status: 401 });
  second.release({ status: 401 });
  third.release({ status: 429, retryAfterMs: 1 });
  fourth.release({ status: 200 });
  expect(keys.list()).toEqual([{ alias: 'a', state: 'refused', inFlight: 0, restMs: 5_000, taken: 4 }]);
});

test('a 403, which can be about the request, never takes out the last key', () => {
  const keys = pool(new FakeClock(), {}, ['a', 'b']);
  expect([use(keys, 403), use(keys, 403), use(keys, 403)]).toEqual(['a', 'b', 'b']);
  expect(states(keys)).toEqual(['refused', 'ready']);
  use(keys, 401);
  expect(states(keys)).toEqual(['refused', 'refused']);
});

test('an answer that says nothing about the key leaves it ready', () => {
  const keys = pool();
  for (const status of [200, 400, 404, 500, 502, 503]) use(keys, status, 5_000);
  expect(states(keys)).toEqual(['ready', 'ready', 'ready']);
});

test('a request confined to one key waits while that is limited, and uses it even when it is refused', () => {
  const clock = new FakeClock();
  const keys = pool(clock);
  const mine = keys.only('a');
  take(mine).release({ status: 429, retryAfterMs: 2_000 });
  expect([mine.take(NONE), mine.outlook(NONE)]).toEqual([
    undefined,
    { type: 'resting', restMs: 2_000, cause: 'limited' },
  ]);
  clock.advance(2_000);
  take(mine).release({ status: 401 });
  expect(mine.outlook(NONE)).toEqual({ type: 'ready' });
  take(mine).release({ status: 200 });
  expect(states(keys)).toEqual(['ready', 'ready', 'ready']);
  expect(mine.outlook(new Set(['a']))).toEqual({ type: 'none' });
  expect(keys.only('nobody').outlook(NONE)).toEqual({ type: 'none' });
});

test('every change of a key is told, by its alias', () => {
  const clock = new FakeClock();
  const events: CredentialEvent[] = [];
  const keys = pool(clock, { onEvent: (event) => events.push(event) }, ['a', 'b']);
  use(keys, 401);
  use(keys, 429, 3_000);
  clock.advance(5_000);
  use(keys, 200);
  expect(events).toEqual([
    { alias: 'a', type: 'refused', restMs: 5_000, status: 401 },
    { alias: 'b', type: 'limited', restMs: 3_000 },
    { alias: 'a', type: 'probing' },
    { alias: 'a', type: 'restored' },
  ]);
});

test('a pool shows no secret when it is printed or listed', () => {
  const keys = pool();
  expect(inspect(keys, { depth: null, showHidden: true })).not.toContain('secret');
  expect(JSON.stringify([keys, keys.list()])).not.toContain('secret');
});

test('one key is given until the request was refused with it, and never rests', () => {
  const key = singleCredential('sk-secret', 'main');
  const lease = take(key);
  expect(lease.credential).toEqual({ alias: 'main', secret: 'sk-secret' });
  expect(key.list()).toEqual([{ alias: 'main', state: 'ready', inFlight: 1, restMs: 0, taken: 1 }]);
  lease.release({ status: 429, retryAfterMs: 9_000 });
  lease.release();
  expect(key.list()[0]?.inFlight).toBe(0);
  expect(alias(key.take(NONE))).toBe('main');
  expect([key.take(new Set(['main'])), key.outlook(new Set(['main']))]).toEqual([
    undefined,
    { type: 'none' },
  ]);
  expect(alias(singleCredential('sk-secret').take(NONE))).toBe('default');
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

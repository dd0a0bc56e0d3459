import { expect, test } from 'vitest';
import { MemoryStore } from './memory-store.ts';
import type { Claim, Identifier, Run } from './request-store.ts';

const request = (changes: Partial<Identifier> = {}): Identifier => ({
  scope: 's',
  fingerprint: 'f',
  first: false,
  lifetimeMs: 1_000,
  ...changes,
});

function handClock() {
  let now = 0;
  return {
    pass: (ms: number) => {
      now += ms;
    },
    clock: { now: () => now, wallNow: () => now, after: () => () => undefined },
  };
}

async function begin(store: MemoryStore, changes?: Partial<Identifier>): Promise<Run> {
  const claim = await store.claim(request(changes));
  if (claim.kind !== 'run') throw new Error(`expected to run, was told to ${claim.kind}`);
  return claim.run;
}

const kindOf = async (claim: Promise<Claim>): Promise<string> => (await claim).kind;
const DONE = { kind: 'answered', status: 200, body: { a: 1 } } as const;

test('a repeat waits while the first runs, is woken at its end, and gets its answer until its time is over', async () => {
  const { clock, pass } = handClock();
  const store = new MemoryStore(clock);
  const run = await begin(store);
  const claim = await store.claim(request());
  if (claim.kind !== 'wait') throw new Error('expected to wait');
  const changed = claim.changed(AbortSignal.timeout(10_000));
  await run.finish(DONE);
  await changed;
  expect(await store.claim(request())).toEqual({ kind: 'replay', outcome: DONE });
  pass(1_000);
  expect(await kindOf(store.claim(request()))).toBe('run');
});

test('one that was released is as if it had never come, and whoever waits may run', async () => {
  const store = new MemoryStore();
  const run = await begin(store);
  const claim = await store.claim(request());
  if (claim.kind !== 'wait') throw new Error('expected to wait');
  const changed = claim.changed(AbortSignal.timeout(10_000));
  await run.release();
  await changed;
  expect(await kindOf(store.claim(request()))).toBe('run');
});

test('first ones always run; a repeat belongs to the last of them', async () => {
  const store = new MemoryStore();
  const first = await begin(store, { first: true });
  const second = await begin(store, { first: true });
  await first.finish(DONE);
  expect(await kindOf(store.claim(request()))).toBe('wait');
  await second.release();
  expect(await kindOf(store.claim(request()))).toBe('replay');
});

test('a wait ends with its caller', async () => {
  const store = new MemoryStore();
  await begin(store);
  const claim = await store.claim(request());
  if (claim.kind !== 'wait') throw new Error('expected to wait');
  const caller = new AbortController();
  const changed = claim.changed(caller.signal);
  caller.abort(new Error('gone'));
  await expect(changed).rejects.toThrow('gone');
});

test('answers beyond 64 MiB push out the oldest', async () => {
  const store = new MemoryStore();
  const large = { kind: 'answered', status: 200, body: { b64_json: 'x'.repeat(40 * 1024 * 1024) } } as const;
  await (await begin(store, { scope: 'old' })).finish(large);
  await (await begin(store, { scope: 'new' })).finish(large);
  expect(await kindOf(store.claim(request({ scope: 'new' })))).toBe('replay');
  expect(await kindOf(store.claim(request({ scope: 'old' })))).toBe('run');
});

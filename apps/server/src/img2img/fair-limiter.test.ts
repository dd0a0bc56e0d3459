import { expect, test } from 'vitest';
import { FairLimiter } from './fair-limiter.ts';

const never = new AbortController().signal;

test('no more than its size are held, and a released one is handed on', async () => {
  const limiter = new FairLimiter(2);
  const [a, b] = [{}, {}];
  const first = await limiter.acquire(a, never);
  await limiter.acquire(b, never);
  expect(limiter.free).toBe(0);
  const third = limiter.acquire(b, never);
  first.release();
  first.release();
  (await third).release();
  expect(limiter.free).toBe(1);
});

test('a request with many images does not hold up a request with one', async () => {
  const limiter = new FairLimiter(1);
  const [many, one] = [{ name: 'many' }, { name: 'one' }];
  const served: string[] = [];
  const held = await limiter.acquire({}, never);
  const work = [many, many, many, one].map(async (owner) => {
    using _permit = await limiter.acquire(owner, never);
    served.push(owner.name);
  });
  held.release();
  await Promise.all(work);
  expect(served).toEqual(['many', 'one', 'many', 'many']);
});

test('whoever goes away while waiting holds nothing and takes nobody’s turn', async () => {
  const limiter = new FairLimiter(1);
  const gone = new AbortController();
  const held = await limiter.acquire({}, never);
  const waiting = limiter.acquire({}, gone.signal);
  const next = limiter.acquire({}, never);
  gone.abort(new Error('client went away'));
  await expect(waiting).rejects.toThrow('client went away');
  await expect(limiter.acquire({}, gone.signal)).rejects.toThrow('client went away');
  held.release();
  (await next).release();
  expect(limiter.free).toBe(1);
});

test('whoever will not wait takes a permit that is free now, and never one that somebody waits for', async () => {
  const limiter = new FairLimiter(1);
  const held = limiter.tryAcquire();
  expect(limiter.tryAcquire()).toBeUndefined();
  const waiting = limiter.acquire({}, never);
  held?.release();
  expect(limiter.tryAcquire()).toBeUndefined();
  (await waiting).release();
  expect(limiter.tryAcquire()).toBeDefined();
  expect(new FairLimiter(0).tryAcquire()).toBeUndefined();
});

test('a smaller size takes no permit away, and the next waits until enough are released', async () => {
  const limiter = new FairLimiter(2);
  const [first, second] = [await limiter.acquire({}, never), await limiter.acquire({}, never)];
  limiter.resize(1);
  expect(limiter.free).toBe(0);
  first.release();
  expect(limiter.tryAcquire()).toBeUndefined();
  second.release();
  expect(limiter.free).toBe(1);
});

test('a larger size serves those who wait', async () => {
  const limiter = new FairLimiter(0);
  const waiting = [limiter.acquire({}, never), limiter.acquire({}, never)];
  limiter.resize(3);
  await Promise.all(waiting);
  expect(limiter.free).toBe(1);
});

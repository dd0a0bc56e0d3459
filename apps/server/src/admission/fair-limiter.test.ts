import { describe, expect, test } from 'vitest';
import { FairLimiter, LineFullError } from './fair-limiter.ts';
import type { Turn } from './turn.ts';

const never = new AbortController().signal;
const turn = (caller = 'a'): Turn => ({ caller });

/** Takes a permit for a moment, and writes down who had it. */
async function pass(limiter: FairLimiter, who: Turn, name: string, served: string[]): Promise<void> {
  using _permit = await limiter.acquire(who, never);
  served.push(name);
}

test('no more than its size are held, and a released one is handed on', async () => {
  const limiter = new FairLimiter(2);
  const [a, b] = [turn(), turn()];
  const first = await limiter.acquire(a, never);
  await limiter.acquire(b, never);
  expect([limiter.free, limiter.taken]).toEqual([0, 2]);
  const third = limiter.acquire(b, never);
  expect(limiter.waiting).toBe(1);
  first.release();
  first.release();
  (await third).release();
  expect([limiter.free, limiter.waiting]).toEqual([1, 0]);
});

test('a request with many images does not hold up a request with one', async () => {
  const limiter = new FairLimiter(1);
  const [many, one] = [turn(), turn()];
  const served: string[] = [];
  const held = await limiter.acquire(turn(), never);
  const work = [many, many, many, one].map((who) => pass(limiter, who, who === one ? 'one' : 'many', served));
  held.release();
  await Promise.all(work);
  expect(served).toEqual(['many', 'one', 'many', 'many']);
});

test('whoever goes away while waiting holds nothing and takes nobody’s turn', async () => {
  const limiter = new FairLimiter(1);
  const gone = new AbortController();
  const held = await limiter.acquire(turn(), never);
  const waiting = limiter.acquire(turn(), gone.signal);
  const next = limiter.acquire(turn(), never);
  gone.abort(new Error('client went away'));
  await expect(waiting).rejects.toThrow('client went away');
  await expect(limiter.acquire(turn(), gone.signal)).rejects.toThrow('client went away');
  held.release();
  (await next).release();
  expect([limiter.free, limiter.waiting]).toEqual([1, 0]);
});

test('whoever will not wait takes a permit that is free now, and never one that somebody waits for', async () => {
  const limiter = new FairLimiter(1);
  const held = limiter.tryAcquire(turn());
  expect(limiter.tryAcquire(turn())).toBeUndefined();
  const waiting = limiter.acquire(turn(), never);
  held?.release();
  expect(limiter.tryAcquire(turn())).toBeUndefined();
  (await waiting).release();
  expect(limiter.tryAcquire(turn())).toBeDefined();
  expect(new FairLimiter(0).tryAcquire(turn())).toBeUndefined();
});

test('a smaller size takes no permit away, and the next waits until enough are released', async () => {
  const limiter = new FairLimiter(2);
  const [first, second] = [await limiter.acquire(turn(), never), await limiter.acquire(turn(), never)];
  limiter.resize(1);
  expect(limiter.free).toBe(0);
  first.release();
  expect(limiter.tryAcquire(turn())).toBeUndefined();
  second.release();
  expect(limiter.free).toBe(1);
});

test('a larger size serves those who wait', async () => {
  const limiter = new FairLimiter(0);
  const waiting = [limiter.acquire(turn(), never), limiter.acquire(turn(), never)];
  limiter.resize(3);
  await Promise.all(waiting);
  expect(limiter.free).toBe(1);
});

describe('between callers', () => {
  test('two hundred requests of one caller do not hold up the one of another', async () => {
    const limiter = new FairLimiter(1);
    const served: string[] = [];
    const held = await limiter.acquire(turn('busy'), never);
    const busy = Array.from({ length: 200 }, () => pass(limiter, turn('busy'), 'busy', served));
    const quiet = pass(limiter, turn('quiet'), 'quiet', served);
    held.release();
    await Promise.all([...busy, quiet]);
    expect(served.indexOf('quiet')).toBeLessThanOrEqual(1);
    expect(served).toHaveLength(201);
  });

  test('what is given back goes to the caller that holds the fewest', async () => {
    const limiter = new FairLimiter(4);
    const held = await Promise.all(Array.from({ length: 4 }, () => limiter.acquire(turn('busy'), never)));
    const granted: string[] = [];
    const waiting = ['busy', 'busy', 'busy', 'quiet', 'quiet', 'quiet'].map(async (caller) => {
      const permit = await limiter.acquire(turn(caller), never);
      granted.push(caller);
      return permit;
    });
    for (const permit of held) permit.release();
    const first = await Promise.all([waiting[0], ...waiting.slice(3, 5)]);
    // Three places were left to the busy one, then two each, then the turn is anybody's.
    expect(granted.slice(0, 3)).toEqual(['quiet', 'quiet', 'busy']);
    for (const permit of first) permit?.release();
    for (const permit of await Promise.all(waiting)) permit.release();
    expect([limiter.free, limiter.waiting]).toEqual([4, 0]);
  });
});

describe('a line that is full', () => {
  test('refuses at once', async () => {
    const limiter = new FairLimiter(1, 1);
    const held = await limiter.acquire(turn(), never);
    const waiting = limiter.acquire(turn(), never);
    await expect(limiter.acquire(turn(), never)).rejects.toThrow(LineFullError);
    held.release();
    (await waiting).release();
    expect(limiter.free).toBe(1);
  });

  test('makes room for another caller by turning away the newest of the one who fills it', async () => {
    const limiter = new FairLimiter(1, 3);
    const held = await limiter.acquire(turn('busy'), never);
    const busy = [1, 2, 3].map(() => limiter.acquire(turn('busy'), never));
    const newest = expect(busy[2]).rejects.toThrow(LineFullError);
    const quiet = limiter.acquire(turn('quiet'), never);
    await newest;
    // Two and one: one more of either would only change places.
    await expect(limiter.acquire(turn('quiet'), never)).rejects.toThrow(LineFullError);
    await expect(limiter.acquire(turn('busy'), never)).rejects.toThrow(LineFullError);
    held.release();
    for (const waiting of [busy[0], quiet, busy[1]]) (await waiting)?.release();
    expect([limiter.free, limiter.waiting]).toEqual([1, 0]);
  });
});

import { FakeClock } from '@ferry/core/testing';
import { expect, test } from 'vitest';
import { configSchema } from '../config/schema.ts';
import { ProviderPlaces } from './provider-places.ts';

const never = new AbortController().signal;
const A = { caller: 'a' };

function places(maxQueue: number): { places: ProviderPlaces; clock: FakeClock } {
  const clock = new FakeClock();
  const provider = {
    name: 'xai',
    base_url: 'https://upstream.example',
    models: ['m'],
    keys: ['env:KEY'],
    concurrency: 2,
  };
  const config = configSchema.parse({ server: { max_queue: maxQueue }, provider: [provider] });
  return { places: new ProviderPlaces(config, clock), clock };
}

test('as many as are configured are at work, as many as may wait do, and one more is told when to come back', async () => {
  const { places: xai, clock } = places(1);
  const [first, second] = [await xai.acquire('xai', A, never), await xai.acquire('xai', A, never)];
  const third = xai.acquire('xai', A, never);
  expect([xai.tryAcquire('xai', A), xai.waiting('xai')]).toEqual([undefined, 1]);
  clock.advance(8_000);
  await expect(xai.acquire('xai', A, never)).rejects.toMatchObject({
    message: 'xai is asked for too much at once. Try again after the time in retry-after.',
    // Two places of 8 s each, and one that waits before.
    fields: { status: 503, code: 'overloaded', retryAfterMs: 8_000 },
  });
  first.release();
  (await third).release();
  second.release();
  expect(xai.tryAcquire('xai', A)).toBeDefined();
});

test('a provider without a section of its own has no limit', async () => {
  const { places: none } = places(0);
  const permits = Array.from({ length: 300 }, () => none.tryAcquire('simulator', A));
  expect(permits).not.toContain(undefined);
  (await none.acquire('simulator', A, never)).release();
});

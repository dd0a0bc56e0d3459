import { Spool } from '@ferry/core';
import { FakeClock } from '@ferry/core/testing';
import { expect, test } from 'vitest';
import { GrowthWatch, PACE_MS, type SlowClientLimits } from './growth-watch.ts';

const LIMITS: SlowClientLimits = { longestMs: 30_000, leastBytesPerSecond: 100 };

interface Watched extends AsyncDisposable {
  readonly clock: FakeClock;
  readonly spool: Spool;
  readonly reasons: string[];
  /** Sends at an even pace, in steps of 100 ms. */
  send(bytesPerSecond: number, ms: number): Promise<void>;
}

function watched(limits: Partial<SlowClientLimits> = {}): Watched {
  const clock = new FakeClock();
  const spool = new Spool();
  const reasons: string[] = [];
  const watch = new GrowthWatch(spool, { ...LIMITS, ...limits }, clock, (reason) => reasons.push(reason));
  return {
    clock,
    spool,
    reasons,
    async send(bytesPerSecond, ms) {
      for (let at = 0; at < ms; at += 100) {
        await spool.write(new Uint8Array(bytesPerSecond / 10));
        clock.advance(100);
      }
    },
    async [Symbol.asyncDispose]() {
      watch[Symbol.dispose]();
      await spool[Symbol.asyncDispose]();
    },
  };
}

test('a client that stops sending loses its connection, once', async () => {
  await using client = watched();
  client.clock.advance(PACE_MS - 1);
  expect(client.reasons).toEqual([]);
  client.clock.advance(PACE_MS * 10);
  expect(client.reasons).toEqual(['the client sent 0 bytes in 5 s']);
});

test('a client that drips slower than it may loses its connection', async () => {
  await using client = watched();
  await client.send(90, PACE_MS + 1_000);
  expect(client.reasons).toEqual(['the client sent 450 bytes in 5 s']);
});

test('a client that was fast and becomes slow loses its connection', async () => {
  await using client = watched();
  await client.send(10_000, 10_000);
  expect(client.reasons).toEqual([]);
  await client.send(10, PACE_MS + 1_000);
  expect(client.reasons).toHaveLength(1);
});

test('a client that is just fast enough keeps its connection as long as it may, and no longer', async () => {
  await using client = watched();
  await client.send(100, 29_900);
  expect(client.reasons).toEqual([]);
  await client.send(100, 1_000);
  expect(client.reasons).toEqual(['the client has been sending for 30 s']);
});

test('where no pace is asked for, anything that comes is enough', async () => {
  await using client = watched({ leastBytesPerSecond: 0 });
  await client.send(10, 20_000);
  expect(client.reasons).toEqual([]);
  client.clock.advance(PACE_MS + 1_000);
  expect(client.reasons).toEqual(['the client sent 0 bytes in 5 s']);
});

test('a share shorter than a look is kept to', async () => {
  await using client = watched({ longestMs: 300 });
  await client.send(10_000, 300);
  expect(client.reasons).toEqual(['the client has been sending for 0.3 s']);
});

test.each([
  ['is whole', (spool: Spool) => spool.end()],
  ['has failed', (spool: Spool) => spool.fail(new Error('the client went away'))],
])('an image that %s is watched no more', async (_, end) => {
  await using client = watched();
  end(client.spool);
  client.clock.advance(LIMITS.longestMs);
  expect([client.reasons, client.clock.pending]).toEqual([[], 0]);
});

test('a watch that is disposed of leaves no timer', async () => {
  const client = watched();
  await client[Symbol.asyncDispose]();
  expect(client.clock.pending).toBe(0);
});

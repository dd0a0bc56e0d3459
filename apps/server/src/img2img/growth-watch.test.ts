import { Spool } from '@ferry/core';
import { FakeClock } from '@ferry/core/testing';
import { expect, test } from 'vitest';
import { GrowthWatch, LONGEST_GROWTH_MS, STALL_MS } from './growth-watch.ts';

const BYTE = new Uint8Array(1);

test('a spool that stops growing is given up after the longest stall, and only once', async () => {
  const clock = new FakeClock();
  await using spool = new Spool();
  const reasons: string[] = [];
  using _watch = new GrowthWatch(spool, clock, (reason) => reasons.push(reason));
  clock.advance(STALL_MS - 1);
  expect(reasons).toEqual([]);
  clock.advance(STALL_MS * 10);
  expect(reasons).toEqual(['the client sent nothing for 5 s']);
});

test('a spool that keeps growing is left alone, but not for ever', async () => {
  const clock = new FakeClock();
  await using spool = new Spool();
  const reasons: string[] = [];
  using _watch = new GrowthWatch(spool, clock, (reason) => reasons.push(reason));
  const grow = async (ms: number): Promise<void> => {
    for (let at = 0; at < ms; at += STALL_MS / 2) {
      await spool.write(BYTE);
      clock.advance(STALL_MS / 2);
    }
  };
  await grow(LONGEST_GROWTH_MS - STALL_MS);
  expect(reasons).toEqual([]);
  await grow(2 * STALL_MS);
  expect(reasons).toEqual(['the client has been sending for 90 s']);
});

test.each([
  ['is whole', (spool: Spool) => spool.end()],
  ['has failed', (spool: Spool) => spool.fail(new Error('the client went away'))],
])('a spool that %s is watched no more', async (_, end) => {
  const clock = new FakeClock();
  await using spool = new Spool();
  const reasons: string[] = [];
  using _watch = new GrowthWatch(spool, clock, (reason) => reasons.push(reason));
  end(spool);
  clock.advance(LONGEST_GROWTH_MS);
  expect(reasons).toEqual([]);
  expect(clock.pending).toBe(0);
});

test('a watch that is disposed of leaves no timer', () => {
  const clock = new FakeClock();
  new GrowthWatch(new Spool(), clock, () => undefined)[Symbol.dispose]();
  expect(clock.pending).toBe(0);
});

import { expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { OriginMemories, type OriginMemory } from './origin-memory.ts';

const HOUR_MS = 3_600_000;
const UNKNOWN_MS = 1_000;

/** What a far origin has taught. */
function learnt(memories: OriginMemories, origin: string): OriginMemory {
  const memory = memories.take(origin);
  memory.openingTime.note(2_000);
  memory.calm.ask();
  memories.keep(origin, memory);
  return memory;
}
const known = ({ openingTime, calm }: OriginMemory) => [openingTime.slowConnectMs, calm.factor];

it('what was learnt on a connection is known to the next one, and of that origin only', () => {
  const memories = new OriginMemories(new FakeClock());
  learnt(memories, 'https://far.test');
  expect(known(memories.take('https://other.test'))).toEqual([UNKNOWN_MS, 1]);
  expect(known(memories.take('https://far.test'))).toEqual([4_000, 2]);
});

it('an hour without a connection is forgotten', () => {
  const clock = new FakeClock();
  const memories = new OriginMemories(clock);
  const memory = learnt(memories, 'https://far.test');
  clock.advance(HOUR_MS - 1);
  expect(memories.take('https://far.test')).toBe(memory);
  memories.keep('https://far.test', memory);
  clock.advance(HOUR_MS);
  expect(known(memories.take('https://far.test'))).toEqual([UNKNOWN_MS, 1]);
});

it('of a great many origins those left last are remembered', () => {
  const memories = new OriginMemories(new FakeClock());
  for (let i = 0; i <= 256; i += 1) learnt(memories, `https://${i}.test`);
  expect(known(memories.take('https://0.test'))).toEqual([UNKNOWN_MS, 1]);
  expect(known(memories.take('https://1.test'))).toEqual([4_000, 2]);
});

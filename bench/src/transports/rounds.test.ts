import { expect, test } from 'vitest';
import { inRounds, inRoundsDespiteFailures } from './rounds.ts';

test('the order is reversed from round to round, and results stay with their variant', async () => {
  const order: string[] = [];
  const results = await inRounds(['a', 'b'], 3, async (item) => {
    order.push(item);
    return `${item}${order.length}`;
  });
  expect(order.join('')).toBe('abbaab');
  expect([...results]).toEqual([
    ['a', ['a1', 'a4', 'a5']],
    ['b', ['b2', 'b3', 'b6']],
  ]);
});

test('those with more rounds go on without the others', async () => {
  const order: string[] = [];
  const rounds = (item: string): number => (item === 'b' ? 1 : 3);
  await inRounds(['a', 'b', 'c'], rounds, async (item) => order.push(item));
  expect(order.join('')).toBe('abccaac');
});

test('a measurement that fails leaves its place empty, is told of, and the others go on', async () => {
  const told: unknown[] = [];
  let runs = 0;
  const results = await inRoundsDespiteFailures(
    ['a', 'b'],
    2,
    async (item) => {
      runs += 1;
      if (runs === 2) throw new Error('the client ended');
      return `${item}${runs}`;
    },
    (item, round, error) => told.push([item, round, String(error)]),
  );
  expect([...results]).toEqual([
    ['a', ['a1', 'a4']],
    ['b', [undefined, 'b3']],
  ]);
  expect(told).toEqual([['b', 0, 'Error: the client ended']]);
});

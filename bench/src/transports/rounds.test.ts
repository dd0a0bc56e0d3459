import { expect, test } from 'vitest';
import { inRounds } from './rounds.ts';

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

test('a measurement that fails ends the run', async () => {
  const failing = inRounds(['a'], 1, () => Promise.reject(new Error('the client ended')));
  await expect(failing).rejects.toThrow('the client ended');
});

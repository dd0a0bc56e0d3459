import { expect, test } from 'vitest';
import { inTurns, type Runner } from './turns.ts';

function recorder() {
  const order: string[] = [];
  const start = async (item: string): Promise<Runner<string>> => {
    order.push(`${item} starts`);
    return {
      async measure(ms) {
        order.push(item);
        if (item === 'bad' && order.filter((each) => each === item).length === 2) throw new Error('it ended');
        return `${item} ${ms}`;
      },
      async stop() {
        order.push(`${item} stops`);
      },
    };
  };
  return { order, start };
}

test('all are warm before the first is measured, they take turns, and all stop', async () => {
  const { order, start } = recorder();
  const results = await inTurns(['a', 'b'], { count: 3, ms: 200 }, start, () => expect.unreachable());
  expect(order).toEqual('a starts,b starts,a,b,b,a,a,b,a stops,b stops'.split(','));
  expect([...results]).toEqual([
    ['a', ['a 200', 'a 200', 'a 200']],
    ['b', ['b 200', 'b 200', 'b 200']],
  ]);
});

test('one that fails, when it starts or later, has no result; the others go on, and what has started stops', async () => {
  const { order, start } = recorder();
  const told: string[] = [];
  const results = await inTurns(
    ['a', 'missing', 'bad'],
    { count: 3, ms: 1 },
    (item) => (item === 'missing' ? Promise.reject(new Error('not there')) : start(item)),
    (item, error) => told.push(`${item}: ${String(error)}`),
  );
  expect(Object.fromEntries(results)).toEqual({
    a: ['a 1', 'a 1', 'a 1'],
    missing: undefined,
    bad: undefined,
  });
  expect(told).toEqual(['missing: Error: not there', 'bad: Error: it ended']);
  expect(order.slice(-2)).toEqual(['a stops', 'bad stops']);
});

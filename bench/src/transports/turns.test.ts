import { expect, test } from 'vitest';
import { inTurns, type Runner } from './turns.ts';

function recorder() {
  const order: string[] = [];
  const start = async (item: string): Promise<Runner<string>> => {
    order.push(`${item} starts`);
    return {
      async warmUp({ ms, bodyBytes }) {
        order.push(`${item} ${ms} of ${bodyBytes}`);
      },
      async measure(ms) {
        order.push(`${item} ${ms}`);
        if (item === 'bad' && order.filter((each) => each === `bad ${ms}`).length === 2)
          throw new Error('it ended');
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
  const warmUps = [
    { ms: 1_000, bodyBytes: 1 },
    { ms: 300, bodyBytes: 9 },
  ];
  const turns = { count: 3, ms: 200, warmUps };
  const results = await inTurns(['a', 'b'], turns, start, () => expect.unreachable());
  const small = 'a 500 of 1,b 500 of 1,b 500 of 1,a 500 of 1';
  const large = 'a 300 of 9,b 300 of 9';
  const measured = 'a 200,b 200,b 200,a 200,a 200,b 200';
  expect(order.join()).toBe(`a starts,b starts,${small},${large},${measured},a stops,b stops`);
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
    { count: 3, ms: 1, warmUps: [] },
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

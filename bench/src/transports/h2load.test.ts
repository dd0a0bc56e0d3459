import { expect, test } from 'vitest';
import { parseH2load } from './h2load.ts';

test('h2load’s speed and failures are read', () => {
  const output = `
finished in 2.00s, 980.50 req/s, 37.20KB/s
requests: 981 total, 982 started, 981 done, 979 succeeded, 2 failed, 2 errored, 0 timeout
`;
  expect(parseH2load(output)).toEqual({ requestsPerSecond: 980.5, failed: 2 });
});

test('what it says otherwise is no result', () => {
  expect(() => parseH2load('the connection was refused')).toThrow('h2load has not told its result');
});

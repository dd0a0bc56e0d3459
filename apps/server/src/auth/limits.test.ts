import { expect, test } from 'vitest';
import { networkOf, RequestRate, WrongKeys } from './limits.ts';

const statuses = (results: readonly PromiseSettledResult<void>[]) =>
  results.map((result) => (result.status === 'fulfilled' ? 'passed' : result.reason.fields.code));

test('wrong keys that are begun together are counted one by one', async () => {
  const wrong = new WrongKeys();
  const guesses = await Promise.allSettled(Array.from({ length: 7 }, () => wrong.count('192.0.2.1')));
  expect(statuses(guesses)).toEqual([...Array(5).fill('passed'), 'too_many_attempts', 'too_many_attempts']);
  expect(statuses(await Promise.allSettled([wrong.check('192.0.2.1'), wrong.check('192.0.2.2')]))).toEqual([
    'too_many_attempts',
    'passed',
  ]);
});

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('%s is counted as %s', (address, network) => expect(networkOf(address)).toBe(network));

test('a rate without a number is none', async () => {
  const rate = new RequestRate(0);
  for (let n = 0; n < 100; n += 1) await rate.take('anybody');
});

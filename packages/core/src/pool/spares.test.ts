import { describe, expect, it } from 'vitest';
import { FRESH, POOLED, PREWARMED } from '../transport/reuse-policy.ts';
import { mayStandBy, sparesToOpen, surplus } from './spares.ts';
import { opening, slowOpening, spare } from './testing/connection-facts.ts';

describe('mayStandBy', () => {
  it.each([
    ['a connection for one request that is already here', FRESH, false],
    ['one that is opened ahead', PREWARMED, true],
    ['one that is shared', POOLED, true],
  ] as const)('%s: %j', (_, policy, expected) => {
    expect(mayStandBy(policy)).toBe(expected);
  });
});

describe('sparesToOpen', () => {
  it.each([
    ['none without a policy of spares', FRESH, [], 0, 5, 0],
    ['as many as ran at once, one at first', PREWARMED, [opening('a')], 1, 1, 1],
    ['never more than the policy says', PREWARMED, [], 0, 9, 2],
    ['those that stand ready count', PREWARMED, [spare('a')], 0, 2, 1],
    ['those being opened count', PREWARMED, [spare('a'), opening('b')], 0, 2, 0],
    ['those that a waiting request will take do not', PREWARMED, [opening('a')], 1, 2, 2],
    ['none for requests that will share a connection', POOLED, [opening('a')], 3, 3, 0],
    ['maxConnections is the end', { ...PREWARMED, maxConnections: 1 }, [opening('a')], 1, 2, 0],
  ] as const)('%s', (_, policy, connections, waiting, peak, expected) => {
    expect(sparesToOpen(connections, policy, { waiting, peak })).toBe(expected);
  });
});

describe('surplus', () => {
  it.each([
    ['nothing while somebody waits for it', FRESH, [opening('a')], 1, []],
    ['a single-use connection whose request has gone', FRESH, [opening('a')], 0, ['a']],
    [
      'those being opened go before those that are ready',
      PREWARMED,
      [spare('a'), spare('b'), opening('c')],
      0,
      ['c'],
    ],
    [
      'a slow one and its hedge, while somebody waits for both',
      FRESH,
      [slowOpening('a'), opening('b')],
      2,
      [],
    ],
    ['the slow one when the hedge has served', FRESH, [slowOpening('a')], 0, ['a']],
    ['spares stay', PREWARMED, [spare('a'), spare('b')], 0, []],
    ['a connection that may be shared stays', POOLED, [opening('a')], 0, []],
  ] as const)('%s', (_, policy, connections, waiting, expected) => {
    expect(surplus(connections, policy, waiting)).toEqual(expected);
  });
});

import { FRESH, POOLED, PREWARMED, type ReusePolicy } from '@ferry/core';
import { describe, expect, it } from 'vitest';
import type { ConnectionFacts } from './admission.ts';
import { type Demand, type Plan, plan, sparesToOpen, surplus } from './plan.ts';

const at = (ms: number) => ({ mono: ms, wall: 1_700_000_000_000 + ms });
const NOW = at(100_000);
const RECENT = at(99_900);
const SILENT = at(90_000);

const connection = (id: string, facts: Partial<ConnectionFacts> = {}): ConnectionFacts => ({
  id,
  state: 'live',
  connectingSince: RECENT,
  uses: 1,
  streams: 0,
  peerMaxStreams: 100,
  limitKnown: true,
  openedAt: at(80_000),
  usedAt: RECENT,
  heardAt: RECENT,
  proof: 'none',
  ...facts,
});

const ALONE: Demand = { since: NOW, avoid: undefined, promised: 0, waiting: 0, slowConnectMs: 250 };
const TWO: ReusePolicy = { ...POOLED, maxConnections: 2, maxWaiting: 3 };
const busy = (id: string) => connection(id, { streams: 4 });
const young = (id: string) => connection(id, { uses: 0, state: 'connecting' });
const slow = (id: string) => connection(id, { uses: 0, state: 'connecting', connectingSince: SILENT });
const avoid = (...ids: string[]) => ({ avoid: new Set(ids) });

type Row = readonly [
  story: string,
  policy: ReusePolicy,
  connections: readonly ConnectionFacts[],
  demand: Partial<Demand>,
  expected: Plan,
];

const rows: readonly Row[] = [
  ['the first request opens a connection', POOLED, [], {}, { type: 'open' }],
  ['a proven connection is reused', POOLED, [connection('a')], {}, { type: 'reuse', id: 'a' }],
  [
    'the one with fewer streams is taken',
    POOLED,
    [connection('a', { streams: 2 }), connection('b', { streams: 1 })],
    {},
    { type: 'reuse', id: 'b' },
  ],
  [
    'among equals the one heard last, so that the other may go',
    POOLED,
    [connection('a', { heardAt: at(99_500) }), connection('b')],
    {},
    { type: 'reuse', id: 'b' },
  ],
  ['a silent one is proven', POOLED, [connection('a', { heardAt: SILENT })], {}, { type: 'prove', id: 'a' }],
  [
    'one heard since the request came needs no further proof',
    { ...POOLED, proveAfterIdleMs: 0 },
    [connection('a')],
    { since: at(99_000) },
    { type: 'reuse', id: 'a' },
  ],
  [
    'a busy one that speaks is better than a free one that is silent',
    POOLED,
    [connection('a', { heardAt: SILENT }), connection('b', { streams: 3 })],
    {},
    { type: 'reuse', id: 'b' },
  ],
  [
    'a request waits for the proof that is out',
    POOLED,
    [connection('a', { proof: 'out' })],
    {},
    { type: 'wait', promised: true },
  ],
  ['a late proof is replaced', POOLED, [connection('a', { proof: 'late' })], {}, { type: 'open' }],
  [
    'a request waits for a place on a connection being opened',
    POOLED,
    [connection('a', { state: 'connecting' })],
    { promised: 3 },
    { type: 'wait', promised: true },
  ],
  [
    'places already promised are not promised twice',
    POOLED,
    [connection('a', { state: 'connecting' })],
    { promised: 4 },
    { type: 'open' },
  ],
  [
    'single-use connections are opened one for each request',
    FRESH,
    [connection('a', { state: 'connecting', uses: 0 })],
    { promised: 1 },
    { type: 'open' },
  ],
  [
    'a connection that is slow to open is no promise, and another is opened',
    FRESH,
    [slow('a')],
    {},
    { type: 'open', hedge: true },
  ],
  ['a shared one that is slow neither', POOLED, [slow('a')], {}, { type: 'open', hedge: true }],
  [
    'behind a slow one there is one that is not',
    FRESH,
    [slow('a'), young('b')],
    {},
    { type: 'wait', promised: true },
  ],
  [
    'which is promised to another already',
    FRESH,
    [slow('a'), young('b')],
    { promised: 1 },
    { type: 'open', hedge: true },
  ],
  [
    'beyond the places of slow ones a request opens its own, as ever',
    FRESH,
    [slow('a')],
    { promised: 1 },
    { type: 'open' },
  ],
  [
    'with no room it goes on waiting for the slow one',
    { ...FRESH, maxConnections: 1, maxWaiting: 0 },
    [slow('a')],
    {},
    { type: 'wait', promised: true },
  ],
  [
    'an idle connection it must avoid makes way for the hedge',
    TWO,
    [slow('a'), connection('b')],
    avoid('b'),
    { type: 'open', evict: 'b', hedge: true },
  ],
  [
    'a connection that is ready is better than any hope',
    POOLED,
    [slow('a'), connection('b')],
    {},
    { type: 'reuse', id: 'b' },
  ],
  ['a refused request goes elsewhere', POOLED, [connection('a')], avoid('a'), { type: 'open' }],
  [
    'with no room, an idle connection it must avoid makes way',
    { ...POOLED, maxConnections: 1 },
    [connection('a')],
    avoid('a'),
    { type: 'open', evict: 'a' },
  ],
  [
    'a connection with other requests on it does not make way',
    { ...POOLED, maxConnections: 1 },
    [connection('a', { streams: 1 })],
    avoid('a'),
    { type: 'wait', promised: false },
  ],
  ['with no room it waits', TWO, [busy('a'), busy('b')], { waiting: 2 }, { type: 'wait', promised: false }],
  ['with no room to wait it is refused', TWO, [busy('a'), busy('b')], { waiting: 3 }, { type: 'refuse' }],
  [
    'a retired connection takes room while its streams run',
    TWO,
    [busy('a'), connection('b', { state: 'retired', streams: 1 })],
    {},
    { type: 'wait', promised: false },
  ],
  [
    'a retired connection that only closes takes none',
    TWO,
    [busy('a'), connection('b', { state: 'retired' })],
    {},
    { type: 'open' },
  ],
];

describe('plan', () => {
  it.each(rows)('%s', (_, policy, connections, demand, expected) => {
    expect(plan(connections, NOW, policy, { ...ALONE, ...demand })).toEqual(expected);
  });
});

const spare = (id: string) => connection(id, { uses: 0 });
const opening = young;

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
    ['a slow one and its hedge, while somebody waits for both', FRESH, [slow('a'), opening('b')], 2, []],
    ['the slow one when the hedge has served', FRESH, [slow('a')], 0, ['a']],
    ['spares stay', PREWARMED, [spare('a'), spare('b')], 0, []],
    ['a connection that may be shared stays', POOLED, [opening('a')], 0, []],
  ] as const)('%s', (_, policy, connections, waiting, expected) => {
    expect(surplus(connections, policy, waiting)).toEqual(expected);
  });
});

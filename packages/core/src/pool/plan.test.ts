import { describe, expect, it } from 'vitest';
import { FRESH, POOLED, type ReusePolicy } from '../transport/reuse-policy.ts';
import type { ConnectionFacts } from './admission.ts';
import { type Demand, type Plan, plan, readiest } from './plan.ts';
import { survey } from './survey.ts';
import { at, connection, NOW, opening, SILENT, slowOpening } from './testing/connection-facts.ts';

const SLOW_CONNECT_MS = 250;
const ALONE: Demand = { since: NOW, avoid: undefined, promised: 0, waiting: 0 };
const TWO: ReusePolicy = { ...POOLED, maxConnections: 2, maxWaiting: 3 };
/** HTTP/1.1: one request at a time, and a look at the socket before each. */
const LOCAL: ReusePolicy = { ...POOLED, maxStreams: 1, proveAfterIdleMs: 0 };
const NEVER = { mono: Number.NEGATIVE_INFINITY, wall: Number.NEGATIVE_INFINITY };
const busy = (id: string) => connection(id, { streams: 4 });
const silent = (id: string) => connection(id, { heardAt: SILENT });
const late = (id: string, facts: Partial<ConnectionFacts> = {}) =>
  connection(id, { heardAt: SILENT, proof: 'late', ...facts });
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
  ['a late proof is replaced', POOLED, [late('a')], {}, { type: 'open' }],
  [
    'behind a late proof nobody waits for another one: they are asked for beside a new connection',
    POOLED,
    [late('a'), silent('b'), silent('c')],
    {},
    { type: 'open', prove: ['b', 'c'] },
  ],
  [
    'nor is one asked for that the request must avoid',
    POOLED,
    [late('a'), silent('b'), silent('c')],
    avoid('b'),
    { type: 'open', prove: ['c'] },
  ],
  [
    'behind a late proof one that is out, or being opened, is waited for',
    POOLED,
    [late('a'), connection('b', { proof: 'out' })],
    {},
    { type: 'wait', promised: true },
  ],
  [
    'a connection that speaks is used whatever proof is late',
    POOLED,
    [late('a'), silent('b'), connection('c')],
    {},
    { type: 'reuse', id: 'c' },
  ],
  [
    'with no room an unused connection whose proof is late makes way',
    { ...POOLED, maxConnections: 1 },
    [late('a')],
    {},
    { type: 'open', evict: 'a' },
  ],
  [
    'rather than one that speaks and must only be avoided',
    TWO,
    [connection('a'), late('b')],
    avoid('a'),
    { type: 'open', evict: 'b' },
  ],
  [
    'one whose proof is late does not make way while it carries requests',
    { ...POOLED, maxConnections: 1 },
    [late('a', { streams: 1 })],
    {},
    { type: 'wait', promised: false },
  ],
  [
    'and then the next silent one is asked after all',
    TWO,
    [late('a', { streams: 1 }), silent('b')],
    {},
    { type: 'prove', id: 'b' },
  ],
  [
    'nor one that may yet answer in time',
    { ...POOLED, maxConnections: 1 },
    [connection('a', { proof: 'out' })],
    avoid('a'),
    { type: 'wait', promised: false },
  ],
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
    [slowOpening('a')],
    {},
    { type: 'open', hedge: true },
  ],
  ['a shared one that is slow neither', POOLED, [slowOpening('a')], {}, { type: 'open', hedge: true }],
  [
    'behind a slow one there is one that is not',
    FRESH,
    [slowOpening('a'), opening('b')],
    {},
    { type: 'wait', promised: true },
  ],
  [
    'which is promised to another already',
    FRESH,
    [slowOpening('a'), opening('b')],
    { promised: 1 },
    { type: 'open', hedge: true },
  ],
  [
    'beyond the places of slow ones a request opens its own, as ever',
    FRESH,
    [slowOpening('a')],
    { promised: 1 },
    { type: 'open' },
  ],
  [
    'with no room it goes on waiting for the slow one',
    { ...FRESH, maxConnections: 1, maxWaiting: 0 },
    [slowOpening('a')],
    {},
    { type: 'wait', promised: true },
  ],
  [
    'an idle connection it must avoid makes way for the hedge',
    TWO,
    [slowOpening('a'), connection('b')],
    avoid('b'),
    { type: 'open', evict: 'b', hedge: true },
  ],
  [
    'a connection that is ready is better than any hope',
    POOLED,
    [slowOpening('a'), connection('b')],
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
    'where a proof costs nothing each use is proven, and it is proof for the request that asked for it only',
    LOCAL,
    [connection('a', { heardAt: at(99_999), streams: 0 })],
    {},
    { type: 'prove', id: 'a' },
  ],
  [
    'among connections that were not heard since their last use, the one used last',
    LOCAL,
    [connection('a', { heardAt: NEVER, usedAt: at(99_999) }), connection('b', { heardAt: NEVER })],
    {},
    { type: 'prove', id: 'a' },
  ],
  [
    'a request that came before the last use does not take its proof for its own',
    LOCAL,
    [connection('a', { heardAt: NEVER, usedAt: at(99_999) })],
    { since: at(50_000) },
    { type: 'prove', id: 'a' },
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
    const seen = survey(connections, NOW, policy, SLOW_CONNECT_MS);
    expect(plan(seen, { ...ALONE, ...demand })).toEqual(expected);
  });

  it.each(rows)(
    'and the connection that is ready at once is the same: %s',
    (_, policy, connections, demand) => {
      const { avoid } = demand;
      const step = plan(survey(connections, NOW, policy, SLOW_CONNECT_MS), { ...ALONE, avoid });
      const ready = readiest(connections, { now: NOW, policy, avoid });
      expect(ready?.id).toBe(step.type === 'reuse' ? step.id : undefined);
    },
  );
});

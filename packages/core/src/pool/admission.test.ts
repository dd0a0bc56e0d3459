import { describe, expect, it } from 'vitest';
import { FRESH, POOLED, PREWARMED, type ReusePolicy } from '../transport/reuse-policy.ts';
import { type Admission, admit, type ConnectionFacts, needsProof, slowToConnect } from './admission.ts';
import { at, NOW, connection as resting } from './testing/connection-facts.ts';

const connection = (facts: Partial<ConnectionFacts> = {}): ConnectionFacts =>
  resting('c1', { openedAt: at(99_000), usedAt: at(99_500), heardAt: at(99_500), ...facts });

type Row = readonly [story: string, policy: ReusePolicy, facts: Partial<ConnectionFacts>, Admission];

const rows: readonly Row[] = [
  ['a pooled connection at rest has all its places', POOLED, {}, { type: 'admit', places: 4 }],
  ['streams in use take places', POOLED, { streams: 3 }, { type: 'admit', places: 1 }],
  ['no place is left', POOLED, { streams: 4 }, { type: 'full' }],
  ["the peer's limit is the lower one", POOLED, { peerMaxStreams: 1 }, { type: 'admit', places: 1 }],
  ["the peer's limit is reached", POOLED, { peerMaxStreams: 1, streams: 1 }, { type: 'full' }],
  ['the peer allows no stream yet', POOLED, { peerMaxStreams: 0 }, { type: 'soon', places: 4 }],
  [
    "until the peer's SETTINGS come, what is assumed of it counts",
    POOLED,
    { peerMaxStreams: 1, limitKnown: false },
    { type: 'admit', places: 1 },
  ],
  [
    "streams beyond that wait for the peer's SETTINGS",
    POOLED,
    { peerMaxStreams: 1, limitKnown: false, streams: 1 },
    { type: 'soon', places: 3 },
  ],
  [
    'our own limit is reached, whatever the SETTINGS will say',
    POOLED,
    { peerMaxStreams: 1, limitKnown: false, streams: 4 },
    { type: 'full' },
  ],
  [
    'the peer lowered its limit to 0 under a stream',
    POOLED,
    { peerMaxStreams: 0, streams: 1 },
    { type: 'full' },
  ],
  [
    'a connection being opened promises its places',
    POOLED,
    { state: 'connecting' },
    { type: 'soon', places: 4 },
  ],
  ['a single-use one promises one', FRESH, { state: 'connecting' }, { type: 'soon', places: 1 }],
  ['a spare is ready for its one use', PREWARMED, { uses: 0 }, { type: 'admit', places: 1 }],
  ['a used single-use connection is at its end', FRESH, {}, { type: 'retire', reason: 'used-up' }],
  ['while its request runs it is only closed to others', FRESH, { streams: 1 }, { type: 'gone' }],
  ['uses that remain are a limit', { ...POOLED, maxUses: 3 }, { uses: 2 }, { type: 'admit', places: 1 }],
  ['unused for maxIdleMs', POOLED, { usedAt: at(70_000) }, { type: 'retire', reason: 'idle' }],
  ['almost unused for maxIdleMs', POOLED, { usedAt: at(70_001) }, { type: 'admit', places: 4 }],
  ['in use it is not idle', POOLED, { usedAt: at(0), streams: 1 }, { type: 'admit', places: 3 }],
  [
    'a spare has its own limit',
    PREWARMED,
    { uses: 0, openedAt: at(90_000), usedAt: at(90_000) },
    { type: 'retire', reason: 'idle' },
  ],
  [
    'unused for as long as its peer allows',
    POOLED,
    { usedAt: at(96_000), peerIdleMs: 4_000 },
    { type: 'retire', reason: 'idle' },
  ],
  ['its peer is more patient than we', POOLED, { peerIdleMs: 9e9 }, { type: 'admit', places: 4 }],
  [
    'its peer is less patient with a spare',
    PREWARMED,
    { uses: 0, peerIdleMs: 500 },
    { type: 'retire', reason: 'idle' },
  ],
  [
    'its peer does not want it used again',
    POOLED,
    { peerIdleMs: 0, usedAt: NOW },
    { type: 'retire', reason: 'idle' },
  ],
  ['too old', { ...POOLED, maxAgeMs: 1_000 }, {}, { type: 'retire', reason: 'too-old' }],
  [
    'too old by wall clock alone: the machine was suspended',
    POOLED,
    { openedAt: { mono: 99_000, wall: NOW.wall - 3_600_000 } },
    { type: 'retire', reason: 'too-old' },
  ],
  [
    'idle by wall clock alone',
    POOLED,
    { usedAt: { mono: 99_000, wall: NOW.wall - 40_000 } },
    { type: 'retire', reason: 'idle' },
  ],
  ['being proven', POOLED, { proof: 'out' }, { type: 'soon', places: 4 }],
  ['the proof is late', POOLED, { proof: 'late' }, { type: 'full' }],
  ['retired', POOLED, { state: 'retired' }, { type: 'gone' }],
  ['closed', POOLED, { state: 'closed' }, { type: 'gone' }],
];

describe('admit', () => {
  it.each(rows)('%s', (_, policy, facts, admission) => {
    expect(admit(connection(facts), NOW, policy)).toEqual(admission);
  });
});

describe('needsProof', () => {
  it.each([
    ['heard from just now', { heardAt: NOW }, false],
    ['silent for exactly the limit', { heardAt: at(99_000) }, false],
    ['silent for longer', { heardAt: at(98_999) }, true],
    ['silent by wall clock alone', { heardAt: { mono: NOW.mono, wall: NOW.wall - 3_600_000 } }, true],
    ['in doubt since it was heard', { heardAt: at(99_999), doubtedAt: NOW }, true],
    ['in doubt at the moment it was heard', { heardAt: NOW, doubtedAt: NOW }, true],
    ['heard since it was in doubt', { heardAt: NOW, doubtedAt: at(99_999) }, false],
  ] as const)('%s: %j -> %s', (_, facts, expected) => {
    expect(needsProof(connection(facts), NOW, NOW, 1_000)).toBe(expected);
  });

  it('what was heard after the request came does not answer a doubt that came later', () => {
    const heard = connection({ heardAt: at(99_500), doubtedAt: at(99_600) });
    expect(needsProof(heard, NOW, at(99_000), 1_000)).toBe(true);
  });
});

describe('slowToConnect', () => {
  it.each([
    ['just begun', { state: 'connecting', connectingSince: NOW }, false],
    ['young', { state: 'connecting', connectingSince: at(99_751) }, false],
    ['as old as the limit', { state: 'connecting', connectingSince: at(99_750) }, true],
    [
      'the machine was suspended meanwhile',
      { state: 'connecting', connectingSince: { mono: NOW.mono, wall: NOW.wall - 3_600_000 } },
      true,
    ],
    ['it took long, and is live', { state: 'live', connectingSince: at(0) }, false],
    ['given up', { state: 'closed', connectingSince: at(0) }, false],
  ] as const)('%s: %j -> %s', (_, facts, expected) => {
    expect(slowToConnect(connection(facts), NOW, 250)).toBe(expected);
  });
});

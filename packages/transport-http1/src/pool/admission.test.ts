import { FRESH, POOLED, PREWARMED } from '@ferry/core';
import { describe, expect, test } from 'vitest';
import { type ConnectionFacts, idleLimitMs, plan, whyNot } from './admission.ts';

const used: ConnectionFacts = { uses: 1, ageMs: 0, idleMs: 0, peerIdleLimitMs: Number.POSITIVE_INFINITY };
const spare: ConnectionFacts = { ...used, uses: 0 };

describe('a connection may take one more request', () => {
  test.each([
    ['a pooled one just used', used, POOLED, undefined],
    ['a fresh one that has carried its request', used, FRESH, 'used-up'],
    ['a spare', spare, PREWARMED, undefined],
    ['a spare that has stood by for too long', { ...spare, idleMs: 10_000 }, PREWARMED, 'idle'],
    ['a pooled one idle to the millisecond', { ...used, idleMs: 29_999 }, POOLED, undefined],
    ['a pooled one idle for too long', { ...used, idleMs: 30_000 }, POOLED, 'idle'],
    ['one whose peer is less patient', { ...used, idleMs: 4_000, peerIdleLimitMs: 4_000 }, POOLED, 'idle'],
    ['one whose peer is more patient', { ...used, idleMs: 30_000, peerIdleLimitMs: 9e9 }, POOLED, 'idle'],
    ['an old one', { ...used, ageMs: 600_000 }, POOLED, 'too-old'],
  ] as const)('%s', (_name, facts, policy, reason) => {
    expect(whyNot(facts, policy)).toBe(reason);
  });

  test('the idle limit is the shortest of those that apply', () => {
    expect(idleLimitMs(spare, PREWARMED)).toBe(PREWARMED.spareMaxIdleMs);
    expect(idleLimitMs(used, POOLED)).toBe(POOLED.maxIdleMs);
    expect(idleLimitMs({ ...used, peerIdleLimitMs: 7 }, POOLED)).toBe(7);
  });
});

describe('the plan for a request', () => {
  const policy = { ...POOLED, maxConnections: 3 };
  const any = (): boolean => true;
  const young = { connectingMs: 249 };
  const slow = { connectingMs: 250 };

  test.each([
    ['nothing is there', [], any, { taken: 0, openingAhead: [] }, { do: 'open' }],
    ['two stand by', ['a', 'b'], any, { taken: 2, openingAhead: [] }, { do: 'reuse', connection: 'b' }],
    [
      'the last used is to be avoided',
      ['a', 'b'],
      (c: string) => c !== 'b',
      { taken: 2, openingAhead: [] },
      { do: 'reuse', connection: 'a' },
    ],
    ['a spare is on its way', [], any, { taken: 1, openingAhead: [young] }, { do: 'adopt', opening: young }],
    ['the spare is slow to open', [], any, { taken: 1, openingAhead: [slow] }, { do: 'open' }],
    [
      'another one is not',
      [],
      any,
      { taken: 2, openingAhead: [slow, young] },
      { do: 'adopt', opening: young },
    ],
    ['slow ones hold all places', [], any, { taken: 3, openingAhead: [slow, slow, slow] }, { do: 'wait' }],
    [
      'one stands by while a spare is slow',
      ['a'],
      any,
      { taken: 2, openingAhead: [slow] },
      { do: 'reuse', connection: 'a' },
    ],
    ['all places are busy', [], any, { taken: 3, openingAhead: [] }, { do: 'wait' }],
    [
      'all places are held by avoided ones',
      ['a', 'b', 'c'],
      () => false,
      { taken: 3, openingAhead: [] },
      { do: 'replace', connection: 'a' },
    ],
    [
      'an avoided one stands by and there is room',
      ['a'],
      () => false,
      { taken: 1, openingAhead: [] },
      { do: 'open' },
    ],
  ] as const)('%s', (_name, unoccupied, mayUse, places, expected) => {
    expect(plan(unoccupied, mayUse, { ...places, slowConnectMs: 250 }, policy)).toEqual(expected);
  });
});

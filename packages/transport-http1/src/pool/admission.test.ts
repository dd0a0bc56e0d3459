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

  test.each([
    ['nothing is there', [], any, { taken: 0, openingAhead: 0 }, { do: 'open' }],
    ['two stand by', ['a', 'b'], any, { taken: 2, openingAhead: 0 }, { do: 'reuse', connection: 'b' }],
    [
      'the last used is to be avoided',
      ['a', 'b'],
      (c: string) => c !== 'b',
      { taken: 2, openingAhead: 0 },
      { do: 'reuse', connection: 'a' },
    ],
    ['a spare is on its way', [], any, { taken: 1, openingAhead: 1 }, { do: 'adopt' }],
    ['all places are busy', [], any, { taken: 3, openingAhead: 0 }, { do: 'wait' }],
    [
      'all places are held by avoided ones',
      ['a', 'b', 'c'],
      () => false,
      { taken: 3, openingAhead: 0 },
      { do: 'replace', connection: 'a' },
    ],
    [
      'an avoided one stands by and there is room',
      ['a'],
      () => false,
      { taken: 1, openingAhead: 0 },
      { do: 'open' },
    ],
  ] as const)('%s', (_name, unoccupied, mayUse, places, expected) => {
    expect(plan<string>(unoccupied, mayUse, places, policy)).toEqual(expected);
  });
});

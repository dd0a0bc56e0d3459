import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Delay, decorrelatedJitterMs, fullJitterMs, planWait, type WaitState } from './backoff.ts';
import { seconds } from './duration.ts';
import { DEFAULT_RETRY_POLICY, type RetryPolicy } from './retry-policy.ts';

const policy = DEFAULT_RETRY_POLICY;
const highest = () => 1 - Number.EPSILON;
const lowest = () => 0;

const STATE: WaitState = {
  retry: 1,
  previousMs: 0,
  budgetLeftMs: policy.budgetMs,
  deadlineLeftMs: Number.POSITIVE_INFINITY,
};

const plan = (delay: Delay, state: Partial<WaitState> = {}, random = highest) =>
  planWait(delay, { ...STATE, ...state }, policy, random);

describe('the numbers a request is retried with', () => {
  test('three retries, half a second doubled up to thirty, ninety seconds of waiting', () => {
    expect(policy).toMatchObject({
      maxRetries: 3,
      retryStatusCodes: [401, 403, 408, 425, 429, 500, 502, 503, 504],
      backoffBaseMs: 500,
      backoffFactor: 2,
      backoffMaxMs: 30_000,
      budgetMs: 90_000,
    });
  });

  test('the policy cannot be changed by accident', () => {
    expect(Object.isFrozen(policy)).toBe(true);
    expect(Object.isFrozen(policy.retryStatusCodes)).toBe(true);
  });
});

describe('full jitter', () => {
  test.each([
    [1, 500],
    [2, 1_000],
    [3, 2_000],
    [7, 30_000],
    [5_000, 30_000],
  ])('retry %i waits at most %i ms', (retry, ceiling) => {
    expect(fullJitterMs(policy, retry, highest)).toBeCloseTo(ceiling, 6);
    expect(fullJitterMs(policy, retry, lowest)).toBe(0);
    expect(fullJitterMs(policy, retry, () => 0.5)).toBe(ceiling / 2);
  });

  test('a base of nothing never waits', () => {
    expect(fullJitterMs({ ...policy, backoffBaseMs: 0 }, 5_000, highest)).toBe(0);
  });
});

describe('decorrelated jitter', () => {
  test('waits at least the base and at most three times the previous wait, or three times the base at first', () => {
    expect(decorrelatedJitterMs(policy, 0, lowest)).toBe(500);
    expect(decorrelatedJitterMs(policy, 0, highest)).toBeCloseTo(1_500, 6);
    expect(decorrelatedJitterMs(policy, 2_000, lowest)).toBe(500);
    expect(decorrelatedJitterMs(policy, 2_000, highest)).toBeCloseTo(6_000, 6);
    expect(decorrelatedJitterMs(policy, 29_000, highest)).toBe(30_000);
  });
});

describe('planning a wait', () => {
  test('another connection or credential is tried at once', () => {
    expect(plan({ type: 'immediate' })).toEqual({ waitMs: 0 });
  });

  test('Retry-After is never cut short, and those who are told the same are spread over a tenth of it, at most a second', () => {
    expect(plan({ type: 'retry-after', ms: 7_000 }, {}, lowest)).toEqual({ waitMs: 7_000 });
    expect(plan({ type: 'retry-after', ms: 7_000 }, {}, () => 0.5)).toEqual({ waitMs: 7_350 });
    expect(plan({ type: 'retry-after', ms: 20_000 }, {}, () => 0.5)).toEqual({ waitMs: 20_500 });
  });

  test('an upstream that says "now" and declines again is met as one that names no time', () => {
    expect(plan({ type: 'retry-after', ms: 0 }, {}, lowest)).toEqual({ waitMs: 500 });
    expect(plan({ type: 'retry-after', ms: 0 }, { previousMs: 1_000 }, () => 0.5)).toEqual({ waitMs: 1_750 });
  });

  test('what a wait is spread over takes it neither beyond the budget nor to the deadline', () => {
    const told: Delay = { type: 'retry-after', ms: 20_000 };
    expect(plan(told, { budgetLeftMs: 20_100 })).toEqual({ waitMs: expect.closeTo(20_100, 6) });
    expect(plan(told, { deadlineLeftMs: 20_100 })).toEqual({ waitMs: expect.closeTo(20_050, 6) });
  });

  test('a rest of keys is waited for whole, however long the longest wait, and not begun when that is too long', () => {
    const rest: Delay = { type: 'rest', ms: 80_000 };
    expect(plan(rest, {}, lowest)).toEqual({ waitMs: 80_000 });
    expect(plan(rest, {}, () => 0.5)).toEqual({ waitMs: 80_500 });
    expect(plan(rest, { budgetLeftMs: 79_999 })).toHaveProperty('refused');
    expect(plan(rest, { deadlineLeftMs: 60_000 })).toHaveProperty('refused');
  });

  test('Retry-After is capped by the longest wait when the budget allows it', () => {
    expect(plan({ type: 'retry-after', ms: 60_000 })).toEqual({ waitMs: 30_000 });
  });

  test('a Retry-After beyond what is left of the budget ends the request at once', () => {
    expect(plan({ type: 'retry-after', ms: 3_600_000 })).toHaveProperty('refused');
    expect(plan({ type: 'retry-after', ms: 20_000 }, { budgetLeftMs: 10_000 })).toHaveProperty('refused');
  });

  test('a wait that would outlast the deadline is not begun', () => {
    expect(plan({ type: 'retry-after', ms: 5_000 }, { deadlineLeftMs: 5_000 })).toHaveProperty('refused');
    expect(plan({ type: 'retry-after', ms: 5_000 }, { deadlineLeftMs: 5_001 }, lowest)).toEqual({
      waitMs: 5_000,
    });
  });

  const anyPolicy: fc.Arbitrary<RetryPolicy> = fc
    .record({
      backoffBaseMs: fc.nat(60_000),
      backoffFactor: fc.double({ min: 1, max: 10, noNaN: true }),
      backoffMaxMs: fc.nat(60_000),
      budgetMs: fc.nat(300_000),
    })
    .map((part) => ({ ...policy, ...part }));
  const anyDelay: fc.Arbitrary<Delay> = fc.oneof(
    fc.constantFrom<Delay[]>({ type: 'immediate' }, { type: 'backoff' }, { type: 'jitter429' }),
    fc.nat().map((ms): Delay => ({ type: 'retry-after', ms })),
    fc.nat().map((ms): Delay => ({ type: 'rest', ms })),
  );

  test('a wait is a number that never exceeds the longest wait, the budget or the deadline', () => {
    const below1 = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(
        anyDelay,
        anyPolicy,
        below1,
        fc.nat(10_000),
        fc.nat(60_000),
        (delay, drawn, random, retry, left) => {
          const state = {
            retry: retry + 1,
            previousMs: left,
            budgetLeftMs: drawn.budgetMs,
            deadlineLeftMs: left,
          };
          const wait = planWait(delay, state, drawn, () => random);
          if ('refused' in wait) return;
          expect(wait.waitMs).toBeGreaterThanOrEqual(0);
          const longest = delay.type === 'rest' ? Number.POSITIVE_INFINITY : drawn.backoffMaxMs;
          expect(wait.waitMs).toBeLessThanOrEqual(Math.min(longest, drawn.budgetMs, left));
          if (delay.type === 'rest') expect(wait.waitMs).toBeGreaterThanOrEqual(delay.ms);
          if (delay.type === 'retry-after')
            expect(wait.waitMs).toBeGreaterThanOrEqual(Math.min(delay.ms, drawn.backoffMaxMs));
        },
      ),
    );
  });
});

test.each([
  [0, '0.0s'],
  [500, '0.5s'],
  [237.4, '0.24s'],
  [1_000, '1.0s'],
  [30_000, '30.0s'],
])('%d ms are written as %s', (ms, text) => {
  expect(seconds(ms)).toBe(text);
});

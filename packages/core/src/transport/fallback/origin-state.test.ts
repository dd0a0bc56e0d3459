import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  afterH2,
  type FallbackReason,
  type H2Outcome,
  mark,
  type OriginState,
  DEFAULT_FALLBACK_POLICY as policy,
  probing,
  released,
  route,
  UNMARKED,
} from './origin-state.ts';

const after = (outcomes: readonly H2Outcome[], state: OriginState = UNMARKED, now = 0): OriginState =>
  outcomes.reduce((s, outcome) => afterH2(s, outcome, false, now, policy), state);

describe('an origin that has not been marked', () => {
  test('is spoken to over HTTP/2', () => expect(route(UNMARKED, 0)).toBe('h2'));

  test('is marked at once when the peer requires HTTP/1.1', () => {
    const state = after(['http1-required']);
    expect(state).toEqual({ road: 'http1', reason: 'http1-required', until: 300_000, holdMs: 300_000 });
  });

  test('is not marked by failures before there is enough traffic', () => {
    expect(after(Array(9).fill('failed')).road).toBe('h2');
  });

  test('is marked at once by an upload that its window held up', () => {
    expect(after(['slow-window'])).toMatchObject({ road: 'http1', reason: 'slow-window', holdMs: 300_000 });
  });

  test('is marked when half of enough exchanges failed', () => {
    const state = after([...Array(5).fill('worked'), ...Array(5).fill('failed')]);
    expect(state).toMatchObject({ road: 'http1', reason: 'failure-rate' });
  });

  test('forgets failures that are older than the window', () => {
    const old = after(Array(9).fill('failed'));
    const later = afterH2(old, 'failed', false, policy.windowMs + 1, policy);
    expect(later).toMatchObject({ road: 'h2', samples: [{ failed: true }] });
  });

  test('learns nothing from a request that its caller gave up', () => {
    expect(after(Array(50).fill('says-nothing'))).toBe(UNMARKED);
  });
});

describe('an origin marked for HTTP/1.1', () => {
  const marked = mark(UNMARKED, 'slow-window', 0, policy);

  test('is spoken to over HTTP/1.1 until the hold ends, and then probed once', () => {
    expect(route(marked, policy.holdMs - 1)).toBe('http1');
    expect(route(marked, policy.holdMs)).toBe('probe');
    expect(route(probing(marked), policy.holdMs)).toBe('http1');
  });

  test('keeps its time when exchanges that were already running fail too', () => {
    expect(after(['failed', 'http1-required'], marked, 1000)).toBe(marked);
  });

  test('is held twice as long by a failed probe, up to two days', () => {
    let state: OriginState = marked;
    let now = 0;
    const holds: number[] = [];
    for (let i = 0; i < 14 && state.road === 'http1'; i++) {
      now = state.until;
      state = afterH2(probing(state), 'failed', true, now, policy);
      if (state.road === 'http1') holds.push(state.holdMs);
    }
    expect(holds.slice(0, 3)).toEqual([600_000, 1_200_000, 2_400_000]);
    expect(holds.at(-1)).toBe(2 * 24 * 3_600_000);
  });

  test('is held up to two days by windows that stay slow', () => {
    let state: OriginState = marked;
    for (let i = 0; i < 14 && state.road === 'http1'; i++) {
      state = afterH2(probing(state), 'slow-window', true, state.until, policy);
    }
    expect(state).toMatchObject({ road: 'http1', holdMs: 2 * 24 * 3_600_000 });
  });

  test('is probed again by the next request when a probe is over and has decided nothing', () => {
    const over = released(probing(marked));
    expect(route(over, policy.holdMs)).toBe('probe');
    expect(route(probing(over), policy.holdMs)).toBe('http1');
    expect(over).toMatchObject({ holdMs: policy.holdMs });
  });

  test('is decided by a probe that is read to its end after its place was given to the next', () => {
    const next = probing(released(probing(marked)));
    expect(afterH2(next, 'worked', true, policy.holdMs, policy)).toBe(UNMARKED);
    expect(afterH2(next, 'within-window', true, policy.holdMs, policy)).toBe(next);
  });

  test('keeps its place when something that was no probe is released', () => {
    expect(released(marked)).toBe(marked);
    expect(released(UNMARKED)).toBe(UNMARKED);
  });
});

describe('a probe', () => {
  const REASONS: readonly FallbackReason[] = ['http1-required', 'failure-rate', 'slow-window'];
  const cleared = { road: 'h2' } as const;
  const undecided = { road: 'probing', holdMs: policy.holdMs } as const;
  const renewed = { road: 'http1', holdMs: 2 * policy.holdMs, until: 3 * policy.holdMs } as const;
  const TABLE: readonly (readonly [H2Outcome, FallbackReason, object])[] = REASONS.flatMap((reason) => [
    ['worked', reason, cleared] as const,
    ['within-window', reason, reason === 'slow-window' ? { ...undecided, reason } : cleared] as const,
    ['slow-window', reason, { ...renewed, reason: 'slow-window' }] as const,
    ['failed', reason, { ...renewed, reason }] as const,
    ['http1-required', reason, { ...renewed, reason: 'http1-required' }] as const,
    ['says-nothing', reason, { ...undecided, reason }] as const,
  ]);

  test.each(TABLE)('that ends as %s, of an origin marked for %s', (outcome, reason, expected) => {
    const state = probing(mark(UNMARKED, reason, 0, policy));
    expect(afterH2(state, outcome, true, policy.holdMs, policy)).toMatchObject(expected);
  });
});

test('whatever happens, a hold is within its bounds and the memory of exchanges is bounded', () => {
  const step = fc.record({
    outcome: fc.constantFrom<H2Outcome>(
      'worked',
      'within-window',
      'slow-window',
      'failed',
      'http1-required',
      'says-nothing',
    ),
    wait: fc.integer({ min: 0, max: 400_000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      let state: OriginState = UNMARKED;
      let now = 0;
      for (const { outcome, wait } of steps) {
        now += wait;
        const way = route(state, now);
        if (way === 'http1') continue;
        if (way === 'probe') state = probing(state);
        state = afterH2(state, outcome, way === 'probe', now, policy);
        if (way === 'probe') state = released(state);
        // No probe is out: whoever is next is not kept from trying.
        if (state.road === 'probing') expect(route(state, now)).toBe('probe');
        if (state.road === 'h2') expect(state.samples.length).toBeLessThanOrEqual(200);
        if (state.road === 'http1') {
          expect(state.holdMs).toBeGreaterThanOrEqual(policy.holdMs);
          expect(state.holdMs).toBeLessThanOrEqual(policy.maxHoldMs);
        }
      }
    }),
  );
});

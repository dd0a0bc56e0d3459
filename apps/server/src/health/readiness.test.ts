import { describe, expect, test } from 'vitest';
import { type Measured, readiness } from './readiness.ts';

const LIMITS = { minFreeBytes: 1_000, maxLoopDelayMs: 500 };
const WELL: Measured = {
  stopping: false,
  upstreamReady: true,
  upstreamReachable: true,
  writable: true,
  freeBytes: 5_000,
  loopDelayMs: 11,
};

describe('a gateway', () => {
  test('that is well is ready', () => {
    expect(readiness(WELL, LIMITS)).toEqual({
      ready: true,
      checks: { accepting: 'ok', upstream: 'ok', storage: 'ok', event_loop: 'ok' },
    });
  });

  test.each([
    ['accepting', { stopping: true }],
    ['upstream', { upstreamReachable: false }],
    ['upstream', { upstreamReady: false }],
    ['storage', { writable: false }],
    ['storage', { freeBytes: 999 }],
    ['event_loop', { loopDelayMs: 501 }],
  ] as const)('says that %s is what fails when %o', (name, change) => {
    const { ready, checks } = readiness({ ...WELL, ...change }, LIMITS);
    expect(ready).toBe(false);
    expect(Object.entries(checks).filter(([, check]) => check === 'failed')).toEqual([[name, 'failed']]);
  });

  test('is given the benefit of the doubt for what nobody has measured', () => {
    expect(readiness({ ...WELL, upstreamReachable: undefined, freeBytes: undefined }, LIMITS).ready).toBe(
      true,
    );
  });
});

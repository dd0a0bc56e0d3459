import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { RetryBudget } from './retry-budget.ts';

/** Takes retries until none is left; how many there were. */
function drain(budget: RetryBudget): number {
  let taken = 0;
  while (budget.withdraw()) taken += 1;
  return taken;
}

test('a quiet client may retry as often as the floor allows', () => {
  expect(drain(new RetryBudget({ floor: 3, clock: new FakeClock() }))).toBe(3);
});

test('a busy client may retry a fifth of its requests beyond the floor', () => {
  const budget = new RetryBudget({ floor: 3, clock: new FakeClock() });
  for (let request = 0; request < 100; request += 1) budget.deposit();
  expect(drain(budget)).toBe(23);
});

test('a spent budget is whole again when the window has passed, and no fuller', () => {
  const clock = new FakeClock();
  const budget = new RetryBudget({ floor: 3, clock });
  for (let request = 0; request < 100; request += 1) budget.deposit();
  drain(budget);
  clock.advance(9_000);
  expect(budget.withdraw()).toBe(false);
  clock.advance(1_000);
  expect(drain(budget)).toBe(3);
});

test('a withdrawal that is refused costs nothing', () => {
  const budget = new RetryBudget({ floor: 0, clock: new FakeClock() });
  for (let attempt = 0; attempt < 10; attempt += 1) expect(budget.withdraw()).toBe(false);
  for (let request = 0; request < 5; request += 1) budget.deposit();
  expect(budget.withdraw()).toBe(true);
});

test('in no window are there more retries than the floor and a fifth of the requests', () => {
  const anyStep = fc.record({ passMs: fc.nat(3_000), requests: fc.nat(20), retries: fc.nat(20) });
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 40 }), (steps) => {
      const clock = new FakeClock();
      const budget = new RetryBudget({ floor: 5, clock });
      const requests: number[] = [];
      const retries: number[] = [];
      for (const step of steps) {
        clock.advance(step.passMs);
        for (let n = 0; n < step.requests; n += 1) {
          budget.deposit();
          requests.push(clock.now());
        }
        for (let n = 0; n < step.retries && budget.withdraw(); n += 1) {
          retries.push(clock.now());
          // Counts expire a tenth of the window at a time, so the window is nine to ten seconds long.
          const since = (times: number[], ms: number) => times.filter((at) => at > clock.now() - ms).length;
          expect(since(retries, 9_000)).toBeLessThanOrEqual(5 + since(requests, 10_000) * 0.2 + 1e-9);
        }
      }
      expect(budget.available()).toBeGreaterThanOrEqual(0);
    }),
  );
});

import { expect, test } from 'vitest';
import { MeasuringWindow } from './measuring-window.ts';

function windowAt(measureMs: number, atOnce: number) {
  let now = 0;
  const startMeter = () => {
    const since = now;
    return () => ({ ms: now - since, cpuMs: 0, peakRssBytes: 0 });
  };
  const window = new MeasuringWindow(measureMs, atOnce, startMeter, () => now);
  return {
    window,
    answerAt: (at: number): boolean => {
      now = at;
      return window.onAnswer(1);
    },
  };
}

test('answers that come in bursts count as many as their time is worth', () => {
  const { window, answerAt } = windowAt(200, 4);
  // Four at once, every 50 ms, all at the same moment.
  const bursts = [50, 100, 150, 200, 250, 300];
  const goesOn = bursts.flatMap((at) => [answerAt(at), answerAt(at), answerAt(at), answerAt(at)]);
  // Opened by the first of the second burst, closed by the first one 200 ms later.
  expect(window.costs.ms).toBe(200);
  expect(window.latenciesMs).toHaveLength(4 * 4);
  expect(goesOn.indexOf(false)).toBe(5 * 4);
});

test('it opens after the lead-in, however fast the answers come', () => {
  const { window, answerAt } = windowAt(100, 1);
  for (let at = 1; at <= 150; at += 1) answerAt(at);
  expect(window.costs.ms).toBe(100);
  expect(window.latenciesMs).toHaveLength(100);
});

test('a window of no time holds one answer', () => {
  const { window, answerAt } = windowAt(0, 1);
  expect([answerAt(1), answerAt(3), answerAt(5)]).toEqual([true, true, false]);
  expect(window.costs.ms).toBe(2);
  expect(window.latenciesMs).toHaveLength(1);
});

test('a load that ends early was not measured', () => {
  const { window, answerAt } = windowAt(100, 2);
  answerAt(60);
  expect(() => window.costs).toThrow('the load ended before it was measured');
});

import { expect, test } from 'vitest';
import { CongestionWindow } from './congestion-window.ts';

const FIRST = 14_600;

/** Sends all that fits, and has it acknowledged a round trip later. */
function roundTrip(window: CongestionWindow, at: number): number {
  const bytes = window.room(at);
  window.sent(bytes, at);
  expect(window.room(at)).toBe(0);
  window.acknowledged(bytes);
  return bytes;
}

test('what may leave doubles every round trip', () => {
  const window = new CongestionWindow(FIRST, 100);
  expect([0, 100, 200, 300].map((at) => roundTrip(window, at))).toEqual([
    FIRST,
    2 * FIRST,
    4 * FIRST,
    8 * FIRST,
  ]);
});

test('a sender that has not filled it gets less growth', () => {
  const window = new CongestionWindow(FIRST, 100);
  window.sent(1_000, 0);
  window.acknowledged(1_000);
  expect(window.room(100)).toBe(FIRST + 1_000);
});

test('a connection that rested longer than its retransmission timeout begins anew', () => {
  const window = new CongestionWindow(FIRST, 100);
  roundTrip(window, 0);
  expect(window.room(300)).toBe(2 * FIRST);
  expect(window.room(301)).toBe(FIRST);
});

test('one that waits for acknowledgements does not rest', () => {
  const window = new CongestionWindow(FIRST, 100);
  roundTrip(window, 0);
  window.sent(10, 100);
  expect(window.room(10_000)).toBe(2 * FIRST - 10);
});

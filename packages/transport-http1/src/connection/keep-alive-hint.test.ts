import { expect, test } from 'vitest';
import { peerIdleLimitMs } from './keep-alive-hint.ts';

test.each([
  [undefined, Number.POSITIVE_INFINITY],
  ['timeout=5', 4_000],
  ['timeout=5, max=100', 4_000],
  ['max=100, timeout=75', 74_000],
  ['Timeout=2', 1_000],
  ['timeout=1', 0],
  ['timeout=0', 0],
  ['max=0', 0],
  ['timeout=60, max=0', 0],
  ['max=05', Number.POSITIVE_INFINITY],
  ['header-timeout=3', Number.POSITIVE_INFINITY],
  ['timeout=soon', Number.POSITIVE_INFINITY],
  ['', Number.POSITIVE_INFINITY],
])('keep-alive: %s lets the connection idle for %d ms', (header, limit) => {
  expect(peerIdleLimitMs(header)).toBe(limit);
});

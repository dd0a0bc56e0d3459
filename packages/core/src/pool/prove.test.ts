import { expect, it } from 'vitest';
import { lateAfter } from './prove.ts';

it.each([
  ['a short round trip has the floor', 1, 1_000, 50],
  ['a long one gets a few of its own', 100, 1_000, 300],
  ['proveTimeoutMs is the ceiling', 900, 1_000, 1_000],
  ['even below the floor', 1, 20, 20],
])('%s', (_, rttMs, proveTimeoutMs, expected) => {
  expect(lateAfter(rttMs, proveTimeoutMs)).toBe(expected);
});

import { expect, test } from 'vitest';
import { decide, type Known } from './decide.ts';

test.each<[Known['state'], boolean, ReturnType<typeof decide>]>([
  ['running', true, 'wait'],
  ['running', false, 'take-over'],
  ['billing', true, 'wait'],
  ['billing', false, 'give-up'],
  ['answered', false, 'replay'],
  ['unknown', false, 'replay'],
])('a request that is %s with a lease of %s means: %s', (state, leased, decision) => {
  expect(decide({ fingerprint: 'a', state, leased }, 'a')).toBe(decision);
  expect(decide({ fingerprint: 'b', state, leased }, 'a')).toBe('mismatch');
});

test('a request that nobody knows begins', () => {
  expect(decide(undefined, 'a')).toBe('begin');
});

import { expect, test } from 'vitest';
import { failure } from '../testing/outcomes.ts';
import { isStale } from './connection-end.ts';
import type { ConnectionOrigin } from './transport.ts';
import { NO_EXCHANGE, type TransportErrorFields } from './transport-error.ts';

const drained = { kind: 'goaway', h2Code: 'NO_ERROR', delivery: 'refused' } as const;

test.each<[string, Partial<TransportErrorFields>, ConnectionOrigin | undefined, boolean]>([
  ['drained before it took the request', drained, 'reused', true],
  ['drained before a byte left', { ...drained, delivery: 'not-sent' }, 'prewarmed', true],
  ['closed before a byte left', { kind: 'reset', delivery: 'not-sent' }, 'reused', true],
  ['drained while it was new', drained, 'fresh', false],
  ['drained with the request under way', { ...drained, delivery: 'unknown' }, 'reused', false],
  ['sent away with an error', { ...drained, h2Code: 'INTERNAL_ERROR' }, 'reused', false],
  ['closed with the request under way', { kind: 'reset', delivery: 'unknown' }, 'reused', false],
  ['silent before a byte left', { kind: 'timeout', delivery: 'not-sent' }, 'reused', false],
  ['never open', { kind: 'connect', delivery: 'not-sent' }, undefined, false],
])('a connection %s', (_what, fields, origin, stale) => {
  const exchange = { ...NO_EXCHANGE, ...(origin && { connectionOrigin: origin }) };
  expect(isStale(failure({ ...fields, exchange }))).toBe(stale);
});

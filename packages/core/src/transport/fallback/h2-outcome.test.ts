import { describe, expect, test } from 'vitest';
import { failure } from '../../testing/outcomes.ts';
import type { Exchange } from '../transport.ts';
import { NO_EXCHANGE, type TransportErrorFields } from '../transport-error.ts';
import { outcomeOfFailure, outcomeOfWhole } from './h2-outcome.ts';
import type { H2Outcome } from './origin-state.ts';

const fresh = { ...NO_EXCHANGE, connectionOrigin: 'fresh' } as const;
const spare = { ...NO_EXCHANGE, connectionOrigin: 'prewarmed' } as const;
const kept = { ...NO_EXCHANGE, connectionOrigin: 'reused', connectionReused: true } as const;
const drained = { kind: 'goaway', h2Code: 'NO_ERROR' } as const;
const noByteLeft = { kind: 'reset', delivery: 'not-sent' } as const;

describe('a failure', () => {
  const FAILURES: readonly (readonly [string, Partial<TransportErrorFields>, H2Outcome])[] = [
    ['HTTP/1.1 is required', { kind: 'http1-required', delivery: 'not-sent' }, 'http1-required'],
    ['a stream reset', { kind: 'reset', h2Code: 'INTERNAL_ERROR' }, 'failed'],
    ['a GOAWAY with an error', { kind: 'goaway', h2Code: 'INTERNAL_ERROR', delivery: 'refused' }, 'failed'],
    ['a violation of the protocol', { kind: 'protocol' }, 'failed'],
    ['silence while the body moves', { kind: 'timeout', phase: 'request' }, 'failed'],
    ['silence after it', { kind: 'timeout', phase: 'headers' }, 'says-nothing'],
    ['a stream refused', { kind: 'stream-refused', delivery: 'refused' }, 'says-nothing'],
    ['no connection', { kind: 'connect', delivery: 'not-sent' }, 'says-nothing'],
    ['drained, refused', { ...drained, delivery: 'refused', exchange: kept }, 'says-nothing'],
    ['drained, kept back', { ...drained, delivery: 'not-sent', exchange: spare }, 'says-nothing'],
    ['drained while new', { ...drained, delivery: 'refused', exchange: fresh }, 'failed'],
    ['drained, then cut under it', { ...drained, delivery: 'unknown', exchange: kept }, 'failed'],
    ['a kept connection closed before it', { ...noByteLeft, exchange: kept }, 'says-nothing'],
    ['a spare closed before it', { ...noByteLeft, exchange: spare }, 'says-nothing'],
    ['a new connection closed before it', { ...noByteLeft, exchange: fresh }, 'failed'],
  ];

  test.each(FAILURES)('%s', (_what, fields, outcome) => {
    expect(outcomeOfFailure(failure(fields))).toBe(outcome);
  });

  test('of something else says nothing', () => {
    expect(outcomeOfFailure(new Error('the disk is full'))).toBe('says-nothing');
  });
});

describe('a whole exchange', () => {
  const far = (windowBytes: number, bytesSent: number, requestMs: number): Exchange => ({
    ...fresh,
    bytesSent,
    flowControl: { windowBytes, roundTripMs: 100 },
    phaseMs: { request: requestMs },
  });

  test.each<[string, Exchange, H2Outcome]>([
    ['of which no window is known', fresh, 'within-window'],
    ['with a window that is wide enough for the distance', far(200_000, 1_000_000, 500), 'worked'],
    ['that fits into a small window', far(65_535, 65_535, 1), 'within-window'],
    ['that waited for a small window', far(65_535, 655_350, 900), 'slow-window'],
    ['that a small window should have held up, and did not', far(65_535, 655_350, 449), 'worked'],
  ])('%s', (_what, exchange, outcome) => {
    expect(outcomeOfWhole(exchange)).toBe(outcome);
  });
});

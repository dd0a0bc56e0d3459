import { type FailureCode, RequestFailure } from '@ferry/core';
import { expect, test } from 'vitest';
import { badRequest, GatewayError } from '../errors/gateway-error.ts';
import { outcomeOfFailure, replay } from './outcome.ts';

const failure = (code: FailureCode, outcomeUnknown: boolean, status = 502) =>
  new RequestFailure('it failed', { code, attempts: [], outcomeUnknown, status });

test.each<[string, unknown]>([
  ['a rate limit', failure('upstream_status', false, 429)],
  ['a refused key', failure('upstream_status', false, 401)],
  ['a connection that could not be had', failure('upstream_transport', false)],
  ['a deadline that passed before it was sent', failure('deadline_exceeded', false)],
])('%s is forgotten: the next try runs', (_, thrown) => {
  expect(outcomeOfFailure(thrown)).toBeUndefined();
});

test.each<[string, unknown]>([
  ['a lost answer', failure('upstream_unknown_outcome', true)],
  ['a client that left, or a server that stopped, in its middle', failure('aborted', true)],
  ['an answer that cannot be understood', failure('upstream_bad_answer', true)],
  ['a result that was paid for and could not be kept', Object.assign(new Error('full'), { code: 'ENOSPC' })],
  ['a mistake of our own after the answer', new TypeError('x is not a function')],
])('%s is never run again', (_, thrown) => {
  expect(outcomeOfFailure(thrown)).toEqual({ kind: 'unknown' });
});

test('a refusal that would be the same again is kept, and replayed as it was', () => {
  const kept = outcomeOfFailure(badRequest('No.', { code: 'content_blocked' }));
  expect(kept).toMatchObject({ kind: 'answered', status: 400 });
  const thrown = caught(() => replay(kept ?? { kind: 'unknown' }));
  expect(thrown.fields).toMatchObject({
    status: 400,
    code: 'content_blocked',
    headers: { 'idempotent-replayed': 'true' },
  });
});

test('an answer that was too long to keep is said to be gone, not made again', () => {
  expect(caught(() => replay({ kind: 'answered', status: 200, body: undefined })).fields).toMatchObject({
    status: 409,
    code: 'idempotent_result_gone',
    shouldRetry: false,
  });
});

function caught(work: () => unknown): GatewayError {
  try {
    work();
  } catch (error) {
    if (error instanceof GatewayError) return error;
  }
  throw new Error('no GatewayError was thrown');
}

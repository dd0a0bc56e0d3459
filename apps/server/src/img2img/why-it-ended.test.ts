import { RequestFailure } from '@ferry/core';
import { expect, test } from 'vitest';
import { GatewayError } from '../errors/gateway-error.ts';
import { whyItEnded } from './why-it-ended.ts';

const LATE = new GatewayError('The request was not done within 6 s.', {
  status: 504,
  type: 'server_error',
  code: 'deadline_exceeded',
});
const ended = AbortSignal.abort(LATE);

const said = (error: unknown): unknown => {
  const { code, shouldRetry } = (error as GatewayError).fields;
  return { code, shouldRetry };
};

test('an edit that may have been paid for says so, also when the time ended only after its failure was put into words', () => {
  const failure = new GatewayError('The upstream may have acted.', {
    status: 502,
    type: 'upstream_error',
    code: 'upstream_unknown_outcome',
    shouldRetry: false,
    attempts: [],
  });
  expect(said(whyItEnded(failure, ended))).toEqual({ code: 'deadline_exceeded', shouldRetry: false });
  expect(whyItEnded(failure, new AbortController().signal)).toBe(failure);
});

test('an edit that the deadline cut off says that it may have been paid for', () => {
  const failure = new RequestFailure('cut off', {
    code: 'aborted',
    status: 502,
    attempts: [],
    outcomeUnknown: true,
  });
  expect(said(whyItEnded(failure, ended))).toEqual({ code: 'deadline_exceeded', shouldRetry: false });
});

test('what cost nothing may be sent again', () => {
  expect(whyItEnded(LATE, ended)).toMatchObject({ fields: { code: 'deadline_exceeded' } });
  expect(said(whyItEnded(LATE, ended))).toEqual({ code: 'deadline_exceeded', shouldRetry: undefined });
  expect(whyItEnded(new Error('the body broke off'), ended)).toBe(LATE);
});

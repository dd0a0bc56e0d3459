import { type FailureCode, type FailureFields, RequestFailure, UploadInputError } from '@ferry/core';
import { NotFoundException } from '@nestjs/common';
import { describe, expect, test } from 'vitest';
import { errorBody, errorHeaders } from './error-body.ts';
import { toGatewayError } from './to-gateway-error.ts';

const failure = (code: FailureCode, fields: Partial<FailureFields> = {}): RequestFailure =>
  new RequestFailure('it failed', { code, status: 502, attempts: [], ...fields });

describe('a failed upstream request', () => {
  test.each<[FailureCode, Partial<FailureFields>, number, string]>([
    ['upstream_transport', {}, 502, 'upstream_transport'],
    ['upstream_unknown_outcome', {}, 502, 'upstream_unknown_outcome'],
    ['upstream_bad_answer', {}, 502, 'upstream_bad_answer'],
    ['deadline_exceeded', {}, 504, 'deadline_exceeded'],
    ['aborted', {}, 499, 'client_closed_request'],
    ['overloaded', {}, 503, 'overloaded'],
    ['credentials_resting', { status: 429 }, 429, 'upstream_rate_limited'],
    ['credentials_resting', { status: 503 }, 503, 'upstream_auth'],
    ['body_source', {}, 500, 'internal_error'],
    ['invalid_request', {}, 500, 'internal_error'],
    ['body_not_replayable', {}, 500, 'internal_error'],
    ['upstream_status', { status: 400 }, 400, 'upstream_rejected'],
    ['upstream_status', { status: 401 }, 502, 'upstream_auth'],
    ['upstream_status', { status: 403 }, 502, 'upstream_auth'],
    ['upstream_status', { status: 404 }, 502, 'upstream_status'],
    ['upstream_status', { status: 413 }, 413, 'upstream_too_large'],
    ['upstream_status', { status: 429 }, 429, 'upstream_rate_limited'],
    ['upstream_status', { status: 503 }, 503, 'upstream_unavailable'],
    ['upstream_status', { status: 504 }, 502, 'upstream_status'],
  ])('%s %o is %i %s', (code, fields, status, expected) => {
    const error = toGatewayError(failure(code, fields));
    expect([error.fields.status, error.fields.code]).toEqual([status, expected]);
  });

  test('whatever may have been done must not be sent again', () => {
    for (const code of ['upstream_unknown_outcome', 'deadline_exceeded', 'upstream_bad_answer'] as const) {
      const error = toGatewayError(failure(code, { outcomeUnknown: true }));
      expect(errorHeaders(error)).toMatchObject({ 'x-should-retry': 'false' });
    }
    expect(errorHeaders(toGatewayError(failure('upstream_transport')))).toEqual({});
  });

  test('the upstream’s wait is passed on in whole seconds, never less than it asked for', () => {
    const headers = (retryAfterMs?: number) =>
      errorHeaders(toGatewayError(failure('upstream_status', { status: 429, retryAfterMs })))['retry-after'];
    expect([headers(1_200), headers(60_000), headers(0), headers()]).toEqual(['2', '60', '1', '1']);
  });
});

test('what nobody foresaw is 500 and says nothing of the inside', () => {
  const body = errorBody(toGatewayError(new Error('/etc/passwd: no such file')));
  expect(body.error).toMatchObject({ type: 'server_error', code: 'internal_error', param: null });
  expect(JSON.stringify(body)).not.toContain('passwd');
  for (const odd of [undefined, null, 'text', 7, {}]) expect(toGatewayError(odd).fields.status).toBe(500);
});

test('errors of the frameworks keep their status and get our words', () => {
  expect(toGatewayError(new NotFoundException('Cannot GET /x')).fields).toMatchObject({
    status: 404,
    code: 'not_found',
  });
  const tooLarge = Object.assign(new Error('x'), { statusCode: 413, code: 'FST_ERR_CTP_BODY_TOO_LARGE' });
  expect(toGatewayError(tooLarge).fields).toMatchObject({ status: 413, code: 'request_too_large' });
});

test('an input at fault is the caller’s error', () => {
  expect(toGatewayError(new UploadInputError('url_not_allowed', 'no')).fields).toMatchObject({
    status: 400,
    code: 'url_not_allowed',
    param: 'image',
  });
});

test('a full disk is not the caller’s fault and may pass', () => {
  const error = toGatewayError(Object.assign(new Error('ENOSPC: /data/tmp/x'), { code: 'ENOSPC' }));
  expect(error.fields).toMatchObject({ status: 503, code: 'storage_full' });
  expect(errorHeaders(error)).toEqual({ 'retry-after': '60' });
  expect(error.message).not.toContain('/data');
});

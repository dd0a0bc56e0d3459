import { fromFactory, fromText, type TransportRequest } from '@ferry/core';
import { expect, test } from 'vitest';
import { isEmpty, requestHeaders } from './headers.ts';

const request = (rest: Partial<TransportRequest>): TransportRequest => ({
  method: 'POST',
  url: new URL('https://api.example/'),
  headers: {},
  ...rest,
});

test('the body decides the framing, whatever the caller says', () => {
  const headers = { 'content-length': '7', 'transfer-encoding': 'gzip' };
  expect(requestHeaders(request({ headers, body: fromText('image') }), false)).toMatchObject({
    'content-length': '5',
  });
  expect(requestHeaders(request({ headers, body: fromFactory(() => []) }), false)).toEqual({
    'accept-encoding': 'identity',
    'transfer-encoding': 'chunked',
    'user-agent': undefined,
  });
});

test('the last request on a connection says so', () => {
  expect(requestHeaders(request({}), true).connection).toBe('close');
  expect(requestHeaders(request({}), false).connection).toBeUndefined();
});

test('what the caller gives for its own fields is kept', () => {
  const headers = { 'Accept-Encoding': 'gzip', 'user-agent': 'ferry', host: 'other.example' };
  expect(requestHeaders(request({ headers }), false)).toEqual({
    'accept-encoding': 'gzip',
    'user-agent': 'ferry',
    host: 'other.example',
  });
});

test.each([
  ['HEAD', 200, { 'content-length': '9' }, true],
  ['GET', 204, {}, true],
  ['GET', 304, {}, true],
  ['GET', 200, { 'content-length': '0' }, true],
  ['GET', 200, {}, false],
  ['POST', 200, { 'content-length': '10' }, false],
] as const)('%s answered with %i %o', (method, status, headers, empty) => {
  expect(isEmpty(method, { status, headers })).toBe(empty);
});

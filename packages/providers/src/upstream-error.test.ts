import { describe, expect, test } from 'vitest';
import { parseUpstreamError } from './upstream-error.ts';

describe('an upstream error', () => {
  test('in OpenAI’s shape keeps every field', () => {
    const error = {
      message: 'n must be at most 10',
      type: 'invalid_request_error',
      param: 'n',
      code: 'bad_n',
    };
    expect(parseUpstreamError(400, JSON.stringify({ error }))).toEqual(error);
  });

  test('in xAI’s own shape keeps text and code', () => {
    const body = { code: 'Client specified an invalid argument', error: 'The model does not exist.' };
    expect(parseUpstreamError(400, JSON.stringify(body))).toEqual({
      message: 'The model does not exist.',
      type: 'invalid_request_error',
      param: null,
      code: 'Client specified an invalid argument',
    });
  });

  test('with a number as its code has it as text', () => {
    expect(parseUpstreamError(429, '{"error":{"message":"slow down","code":429}}')).toEqual({
      message: 'slow down',
      type: 'rate_limit_error',
      param: null,
      code: '429',
    });
  });

  test.each([
    [401, 'authentication_error'],
    [403, 'permission_error'],
    [404, 'invalid_request_error'],
    [429, 'rate_limit_error'],
    [500, 'server_error'],
    [503, 'server_error'],
  ])('%i without a type is a %s', (status, type) => {
    expect(parseUpstreamError(status, '{"error":"x"}').type).toBe(type);
  });

  test.each([
    ['nothing', ''],
    ['a proxy’s page', '<html><h1>502 Bad Gateway</h1></html>'],
    ['JSON cut short', '{"error":{"message":"the file is to'],
    ['null', 'null'],
    ['a number', '7'],
    ['a list', '["error"]'],
    ['an error that is null', '{"error":null}'],
    ['an error without words', '{"error":{"message":{"a":1},"param":[],"code":{}}}'],
  ])('that is %s says the status in our own words', (_what, text) => {
    expect(parseUpstreamError(502, text)).toEqual({
      message: 'the upstream answered 502',
      type: 'server_error',
      param: null,
      code: null,
    });
  });

  test('that quotes the refused key does not pass it on', () => {
    const body = {
      code: 'invalid-key',
      error: 'Incorrect API key provided: xai-abcd1234EFGH. See console.x.ai',
    };
    const { message } = parseUpstreamError(400, JSON.stringify(body));
    expect(message).toBe('Incorrect API key provided: xai-***. See console.x.ai');
  });

  test('of many lines becomes one of bounded length', () => {
    const { message } = parseUpstreamError(400, JSON.stringify({ error: `a\r\nb${' c'.repeat(2_000)}` }));
    expect(message.startsWith('a b c c')).toBe(true);
    expect(message).toHaveLength(500);
  });
});

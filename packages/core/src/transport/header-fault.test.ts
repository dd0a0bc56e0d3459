import { expect, test } from 'vitest';
import { headerFault } from './header-fault.ts';

test.each([
  ['a field as usual', { 'content-type': 'text/plain; charset=utf-8' }],
  ['an empty value', { 'x-empty': '' }],
  ['a tab, and what is left of Latin-1', { 'x-title': 'caf\u00e9\tau lait' }],
  ['every character of a token', { "!#$%&'*+-.^_`|~09azAZ": 'a' }],
])('%s can be sent', (_, headers) => {
  expect(headerFault(headers)).toBeUndefined();
});

test.each([
  ['a character beyond Latin-1', 'caf\u00e9 \u4f60'],
  ['a line break', 'a\r\nx-more: b'],
  ['a line feed at the end', 'secret\n'],
  ['a zero', 'secret\0'],
  ['a delete', 'secret\x7f'],
])('%s in a value cannot, and is not repeated', (_, value) => {
  expect(headerFault({ accept: '*/*', 'x-title': value })).toBe(
    'the header field x-title holds characters that HTTP does not allow',
  );
});

test.each(['', 'a b', 'a:', ':path', 'a\n', 'caf\u00e9'])('%j is no name', (name) => {
  expect(headerFault({ [name]: 'a' })).toContain('name of a header field');
});

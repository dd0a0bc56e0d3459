import { expect, it } from 'vitest';
import { responseHeaders } from './headers.ts';

it('fields that came once each are told as they came, without those of the protocol', () => {
  const fields = [':status', '200', 'content-type', 'application/json', 'x-empty', ''];
  expect(responseHeaders({ 'content-type': 'not asked' }, fields)).toEqual({
    'content-type': 'application/json',
    'x-empty': '',
  });
});

it('when one came again, all are told as Node joined them', () => {
  const fields = ['age', '1', 'age', '2', 'set-cookie', 'a', 'set-cookie', 'b', 'x-many', '1', 'x-many', '2'];
  const joined = { age: '1', 'set-cookie': ['a', 'b'], 'x-many': '1, 2' };
  expect(responseHeaders(joined, fields)).toEqual({ age: '1', 'set-cookie': 'a\nb', 'x-many': '1, 2' });
});

it('a name that every object has is a field like others', () => {
  expect(responseHeaders({ constructor: 'a' }, ['constructor', 'a'])).toEqual({ constructor: 'a' });
});

import { expect, test } from 'vitest';
import { responseHeaders } from './response-headers.ts';

test('fields are lower-case and repeated ones joined, even odd ones', () => {
  expect(
    responseHeaders([
      ...['Age', '1', 'AGE', '2', 'Set-Cookie', 'a', 'set-cookie', 'b', '__proto__', 'x', '__proto__', 'y'],
      ...['constructor', 'c', 'X-Empty', ''],
    ]),
  ).toEqual(
    Object.fromEntries([
      ['age', '1, 2'],
      ['set-cookie', 'a\nb'],
      ['__proto__', 'x, y'],
      ['constructor', 'c'],
      ['x-empty', ''],
    ]),
  );
});

test('what belongs to HTTP/2 itself is no field', () => {
  expect(responseHeaders([':status', '200', 'content-type', 'image/png'])).toEqual({
    'content-type': 'image/png',
  });
});

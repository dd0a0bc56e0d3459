import { expect, test } from 'vitest';
import { h2ErrorName, NO_EXCHANGE, TransportError } from './transport-error.ts';

const fields = { kind: 'reset', phase: 'request', delivery: 'unknown', exchange: NO_EXCHANGE } as const;

test('a transport error is recognised across two copies of the package', async () => {
  // The query makes the loader evaluate the module again, as a second installed copy would be.
  const copyUrl = new URL('./transport-error.ts?second-copy', import.meta.url).href;
  const copy = (await import(copyUrl)) as { TransportError: typeof TransportError };
  const foreign = new copy.TransportError('reset', fields);
  expect(foreign instanceof TransportError).toBe(false);
  expect(TransportError.is(foreign)).toBe(true);
  expect(copy.TransportError.is(new TransportError('reset', fields))).toBe(true);
});

test.each([undefined, null, 'TransportError', {}, new Error('TransportError'), { name: 'TransportError' }])(
  'what only looks like a transport error is not one: %s',
  (value) => {
    expect(TransportError.is(value)).toBe(false);
  },
);

test('a transport error says what failed, where, and whether the upstream can have acted', () => {
  const cause = new Error('socket hang up');
  const error = new TransportError('the stream was reset', { ...fields, h2Code: 'PROTOCOL_ERROR', cause });
  expect(error).toMatchObject({
    ...fields,
    h2Code: 'PROTOCOL_ERROR',
    message: 'the stream was reset',
    cause,
  });
  expect(error.name).toBe('TransportError');
});

test('an error without a cause has no cause property', () => {
  expect('cause' in new TransportError('reset', fields)).toBe(false);
});

test('the mark that recognises an error does not show in logs', () => {
  expect(JSON.stringify(new TransportError('reset', fields))).not.toContain('ferry');
  expect(Object.getOwnPropertySymbols(new TransportError('reset', fields))).toHaveLength(1);
});

test.each([
  [0, 'NO_ERROR'],
  [1, 'PROTOCOL_ERROR'],
  [7, 'REFUSED_STREAM'],
  [8, 'CANCEL'],
  [11, 'ENHANCE_YOUR_CALM'],
  [13, 'HTTP_1_1_REQUIRED'],
  [14, undefined],
  [-1, undefined],
  [0xff, undefined],
])('HTTP/2 error code %i is %s, as in RFC 9113 section 7', (code, name) => {
  expect(h2ErrorName(code)).toBe(name);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeBase64, decodeDataUri } from './data-uri.ts';
import { SpoolLimitError, UploadInputError } from './input-error.ts';

const malformed = expect.objectContaining({ name: 'UploadInputError', code: 'malformed' });

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('base64', () => {
  test('any bytes come back from either alphabet, padded or not, with white space anywhere', () => {
    const space = fc.constantFrom('', ' ', '\r\n', '\t');
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.boolean(),
        fc.boolean(),
        fc.array(space),
        (bytes, urlSafe, padded, spaces) => {
          const plain = Buffer.from(bytes).toString('base64');
          const alphabet = urlSafe ? plain.replaceAll('+', '-').replaceAll('/', '_') : plain;
          const text = padded ? alphabet : alphabet.replaceAll('=', '');
          const spaced = Array.from(text, (character, at) => character + (spaces[at] ?? '')).join('');
          expect(Buffer.from(decodeBase64(spaced)).equals(bytes)).toBe(true);
        },
      ),
    );
  });

  test.each(['a', 'abcde', 'ab=', 'ab===', 'a=bc', '=', 'ab*d', 'äbcd', 'abc\u0000', 'YQ==YQ=='])(
    '%j is refused rather than guessed at',
    (text) => {
      expect(thrownBy(() => decodeBase64(text))).toEqual(malformed);
    },
  );

  test('more bytes than the limit are refused, exactly as many are not', () => {
    expect(decodeBase64('YWJj', { maxBytes: 3 }).byteLength).toBe(3);
    expect(thrownBy(() => decodeBase64('YWJjZA==', { maxBytes: 3 }))).toBeInstanceOf(SpoolLimitError);
  });

  test('twenty megabytes are no problem', () => {
    expect(decodeBase64(Buffer.alloc(20_000_000, 7).toString('base64')).byteLength).toBe(20_000_000);
  });
});

describe('data URIs', () => {
  test.each([
    ['data:image/png;base64,AAEC', 'image/png', [0, 1, 2]],
    ['DATA:image/jpeg;BASE64,_-8=', 'image/jpeg', [0xff, 0xef]],
    ['data:image/png;base64,AAE%3D', 'image/png', [0, 1]],
    ['data:image/png;base64,AA\n EC', 'image/png', [0, 1, 2]],
    ['data:image/gif;name=a.gif;base64,AAEC', 'image/gif;name=a.gif', [0, 1, 2]],
    ['data:application/octet-stream,%00%01a', 'application/octet-stream', [0, 1, 0x61]],
    ['data:,A', 'text/plain;charset=US-ASCII', [0x41]],
    ['data:;charset=utf-8,%C3%A4', 'text/plain;charset=utf-8', [0xc3, 0xa4]],
    ['data:;base64,', 'text/plain;charset=US-ASCII', []],
    ['data:text/plain,a,b', 'text/plain', [0x61, 0x2c, 0x62]],
  ])('%j is understood', (uri, contentType, bytes) => {
    const decoded = decodeDataUri(uri);
    expect(decoded.contentType).toBe(contentType);
    expect([...decoded.bytes]).toEqual(bytes);
  });

  test.each([
    'image/png;base64,AAEC',
    'data:image/png;base64',
    'data:image/png;base64,A',
    'data:png;base64,AAEC',
    'data:image/png\r\nx-evil: 1;base64,AAEC',
    'data:text/plain,%zz',
    'data:text/plain,%4',
    '',
  ])('%j is refused', (uri) => {
    expect(thrownBy(() => decodeDataUri(uri))).toEqual(malformed);
  });

  test.each(['data:image/png;base64,AAECAw==', 'data:text/plain,%00%01%02%03'])(
    '%j is over a limit of three bytes',
    (uri) => {
      const error = thrownBy(() => decodeDataUri(uri, { maxBytes: 3 }));
      expect(UploadInputError.is(error) && error.code).toBe('too_large');
    },
  );
});

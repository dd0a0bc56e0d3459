import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SessionTokens } from './session-token.ts';

const HOUR = 3_600_000;
const tokens = new SessionTokens('an admin key', HOUR);

test('a session holds until it expires, and not a moment longer', () => {
  const { token, expiresAt } = tokens.issue(1_000_000);
  expect(expiresAt).toBe(1_000_000 + HOUR);
  expect(tokens.holds(token, expiresAt - 1)).toBe(true);
  expect(tokens.holds(token, expiresAt)).toBe(false);
});

test('another instance with the same admin key accepts it; a new admin key signs everybody out', () => {
  const { token } = tokens.issue();
  expect(new SessionTokens('an admin key', HOUR).holds(token)).toBe(true);
  expect(new SessionTokens('another admin key', HOUR).holds(token)).toBe(false);
});

test('an expiry that was put off by its holder is refused', () => {
  const { token, expiresAt } = tokens.issue();
  const later = token.replace(String(expiresAt), String(expiresAt + 1));
  expect(later).not.toBe(token);
  expect(tokens.holds(later)).toBe(false);
});

test('nothing that was not issued holds, and nothing makes the check throw', () => {
  const { token } = tokens.issue();
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.record({ at: fc.nat(token.length - 1), by: fc.base64String({ minLength: 4, maxLength: 4 }) }),
      ),
      (input) => {
        const forged =
          typeof input === 'string'
            ? input
            : token.slice(0, input.at) + input.by.slice(0, 1) + token.slice(input.at + 1);
        return forged === token || sameBytes(forged, token) || !tokens.holds(forged);
      },
    ),
  );
});

/** The last character of a base64url signature of 32 bytes has two bits that mean nothing. */
function sameBytes(a: string, b: string): boolean {
  const [x, y] = [a, b].map((token) => {
    const [expiry, nonce, signature = ''] = token.split('.');
    return `${expiry}.${nonce}.${Buffer.from(signature, 'base64url').toString('hex')}`;
  });
  return x === y;
}

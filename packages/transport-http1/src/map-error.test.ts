import { describe, expect, test } from 'vitest';
import { mapError, safeCause } from './map-error.ts';

const withCode = (code: string, message = 'x'): Error => Object.assign(new Error(message), { code });

test.each([
  ['ECONNRESET', 'reset'],
  ['EPIPE', 'reset'],
  ['ETIMEDOUT', 'reset'],
  ['ERR_HTTP_CONTENT_LENGTH_MISMATCH', 'reset'],
  ['HPE_INVALID_EOF_STATE', 'reset'],
  ['HPE_INVALID_CONSTANT', 'protocol'],
  ['HPE_HEADER_OVERFLOW', 'protocol'],
  ['ERR_INVALID_CHAR', 'protocol'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls'],
  ['EPROTO', 'tls'],
])('%s is a %s failure', (code, kind) => {
  const mapped = mapError(withCode(code));
  expect(mapped.kind).toBe(kind);
  expect(mapped.reason).toContain(code);
});

describe('a cause that is fit for a log', () => {
  test('is the innermost error, without what libraries hang on it', () => {
    const inner = Object.assign(withCode('HPE_INVALID_CONSTANT', 'Parse Error'), {
      rawPacket: Buffer.from('secret'),
    });
    const outer = Object.assign(new Error('Parse Error', { cause: inner }), {
      options: { headers: 'secret' },
    });
    const cause = safeCause(outer);
    expect(cause).toMatchObject({ message: 'Parse Error', code: 'HPE_INVALID_CONSTANT' });
    expect(Object.keys(cause)).not.toContain('rawPacket');
    expect(cause.cause).toBeUndefined();
  });

  test('has words when the error has none', () => {
    expect(safeCause(Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' })).message).toBe(
      'ECONNREFUSED',
    );
    expect(safeCause('thrown text').message).toBe('something that is not an error was thrown');
  });
});

import { expect, test } from 'vitest';
import { GatewayError } from '../errors/gateway-error.ts';
import { parseChange } from './change-request.ts';

function refusal(body: unknown): Pick<GatewayError, 'message' | 'fields'> {
  try {
    parseChange(body);
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

test('changed keys come as in the configuration, with a reason', () => {
  const body = {
    upload: { reuse_session: true },
    pool: { spares: 0, max_streams: null },
    why: ' a test ',
    revision: 3,
  };
  expect(parseChange(body)).toEqual({
    values: new Map<string, unknown>([
      ['upload.reuse_session', true],
      ['pool.spares', 0],
      ['pool.max_streams', null],
    ]),
    why: 'a test',
    base: 3,
  });
});

test.each([
  [
    { upload: { concurrency: 1_000 } },
    'upload.concurrency',
    'upload.concurrency: got 1000, expected a whole number from 1 to 256.',
  ],
  [
    { upload: { transport: 'quic' } },
    'upload.transport',
    'upload.transport: got "quic", expected one of "auto", "undici", "http1".',
  ],
  [{ upload: { reuse_session: 'true' } }, 'upload.reuse_session', /got "true", expected true or false/],
  [
    { upload: { speed: 1 } },
    'upload.speed',
    /there is no such setting; known here: reuse_session, transport,/,
  ],
  [{ upload: { proxy: 'http://u:pw@p' } }, 'upload.proxy', /can hold a secret/],
  [{ server: { port: 1 } }, 'server', /read from the configuration only/],
  [{ uploads: {} }, 'uploads', /no such section of settings; known: upload, pool,/],
  [{ upload: 5 }, 'upload', /got 5, expected an object/],
  [{ upload: [] }, 'upload', /expected an object/],
])('%j is refused by name', (sections, param, message) => {
  const error = refusal({ ...sections, why: 'a test' });
  expect(error.fields).toMatchObject({ status: 400, param });
  expect(error.message).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
  expect(error.message).not.toContain('pw@');
});

test.each([
  ['missing', undefined],
  ['blank', '   '],
  ['too long', 'x'.repeat(501)],
  ['of several lines', 'a\nb'],
  ['no text', 5],
])('a reason that is %s is refused', (_, why) => {
  expect(refusal({ upload: { reuse_session: true }, why }).fields).toMatchObject({
    status: 400,
    param: 'why',
  });
});

test.each([-1, 1.5, '3', null, 1e12])('%j is no revision', (revision) => {
  const { fields } = refusal({ upload: { reuse_session: true }, why: 'x', revision });
  expect(fields).toMatchObject({ status: 400, param: 'revision' });
});

test.each([[{ why: 'x' }], [{ why: 'x', upload: {} }], [[]], ['text'], [null], [undefined]])(
  '%j changes nothing, and is refused',
  (body) => expect(refusal(body).fields.status).toBe(400),
);

test('a stored key that this version does not know can be taken away, not set', () => {
  const stored = new Set(['pool.magic']);
  expect(parseChange({ pool: { magic: null }, why: 'x' }, stored).values).toEqual(
    new Map([['pool.magic', null]]),
  );
  expect(() => parseChange({ pool: { magic: 2 }, why: 'x' }, stored)).toThrow(/no such setting/);
});

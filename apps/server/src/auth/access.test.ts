import { describe, expect, test } from 'vitest';
import { accessOf, type Caller, decide } from './access.ts';
import { bearerCheck } from './bearer.ts';
import type { Identity } from './identity.ts';
import { isLoopbackHost } from './loopback.ts';

const caller: Caller = {
  method: 'POST',
  path: '/api/v1/admin/img2img',
  host: 'localhost:8000',
  origin: undefined,
  forwarded: false,
  foreign: false,
  identity: { kind: 'anonymous' },
};
const withKey: Identity = { kind: 'admin', via: 'key' };
const signedIn: Identity = { kind: 'admin', via: 'session' };
const client: Identity = { kind: 'api-key', id: '1', name: 'shop' };

describe('on a loopback address without a key', () => {
  const door = { loopback: true, keyed: false };

  test.each([
    'localhost',
    'localhost:8000',
    '127.0.0.1:8000',
    '127.9.9.9',
    '[::1]:8000',
    'ferry.localhost:1',
  ])('a caller that names this machine as %s is let in', (host) =>
    expect(decide({ ...caller, host }, door)).toBe('allowed'),
  );

  test.each([
    'ferry.example',
    'localhost.evil.example',
    '10.0.0.1:8000',
    '127.0.0.1.evil.example',
    '',
    undefined,
  ])('a rebound name such as %s is refused', (host) =>
    expect(decide({ ...caller, host }, door)).toBe('host-not-allowed'),
  );

  test.each([
    'http://evil.example',
    'null',
    'http://localhost:9000',
    'https://localhost:8000',
    'http://localhost',
  ])('a page of %s is refused', (origin) =>
    expect(decide({ ...caller, origin }, door)).toBe('origin-not-allowed'),
  );

  test('whoever a proxy brings here need not be on this machine, and is refused', () => {
    expect(decide({ ...caller, forwarded: true }, door)).toBe('host-not-allowed');
  });

  test('an image of ours in the page of another site is refused, unless it is a result', () => {
    expect(decide({ ...caller, method: 'GET', foreign: true }, door)).toBe('origin-not-allowed');
    expect(decide({ ...caller, method: 'GET', path: '/images/x.png', foreign: true }, door)).toBe('allowed');
  });

  test('our own page is let in', () => {
    expect(decide({ ...caller, origin: 'http://localhost:8000' }, door)).toBe('allowed');
  });
});

describe('with a key', () => {
  test('the admin API and unknown paths want it, whatever the host', () => {
    for (const path of ['/api/v1/admin/img2img', '/v1/models', '/something-new']) {
      expect(decide({ ...caller, path }, { loopback: true, keyed: true })).toBe('key-required');
      expect(decide({ ...caller, path, identity: withKey }, { loopback: false, keyed: true })).toBe(
        'allowed',
      );
    }
  });

  test('health, metrics and documentation want it only when other machines can ask', () => {
    for (const path of ['/health/live', '/metrics', '/docs', '/docs-json', '/docs/swagger-ui.css']) {
      expect(decide({ ...caller, path }, { loopback: true, keyed: true })).toBe('allowed');
      expect(decide({ ...caller, path }, { loopback: false, keyed: true })).toBe('key-required');
    }
  });

  test('nor may a rebound name, somebody behind a proxy or another site’s page read them on loopback', () => {
    const door = { loopback: true, keyed: true };
    const reader = { ...caller, method: 'GET', path: '/metrics' };
    expect(decide(reader, door)).toBe('allowed');
    for (const stranger of [
      { host: 'evil.example' },
      { host: undefined },
      { forwarded: true },
      { foreign: true },
    ]) {
      expect(decide({ ...reader, ...stranger }, door)).toBe('key-required');
      expect(decide({ ...reader, ...stranger, identity: withKey }, door)).toBe('allowed');
    }
  });

  test('an API key opens the API and nothing else', () => {
    const door = { loopback: false, keyed: true };
    expect(decide({ ...caller, path: '/v1/images/edits', identity: client }, door)).toBe('allowed');
    for (const path of ['/api/v1/admin/img2img', '/api/v1/admin/settings', '/metrics']) {
      expect(decide({ ...caller, path, identity: client }, door)).toBe('admin-required');
    }
  });

  test('a signed-in browser may look from anywhere, and change something from our own pages only', () => {
    const door = { loopback: false, keyed: true };
    const browser = { ...caller, host: 'ferry.example', identity: signedIn };
    expect(decide({ ...browser, method: 'GET' }, door)).toBe('allowed');
    // Cookies of a name go to every port of it, and SameSite does not tell them apart.
    expect(decide({ ...browser, method: 'GET', foreign: true }, door)).toBe('origin-not-allowed');
    for (const origin of ['http://ferry.example', 'https://ferry.example']) {
      expect(decide({ ...browser, origin }, door)).toBe('allowed');
    }
    for (const origin of [undefined, 'null', 'https://evil.example', 'https://ferry.example:8443']) {
      expect(decide({ ...browser, origin }, door)).toBe('origin-not-allowed');
    }
    expect(decide({ ...browser, origin: undefined, identity: withKey }, door)).toBe('allowed');
  });

  test('pages and result links stay open', () => {
    expect(accessOf('/admin/img2img')).toBe('public');
    expect(accessOf('/images/abc.png')).toBe('public');
    expect(accessOf('/administration')).toBe('admin');
  });
});

test('only the whole key passes', () => {
  const check = bearerCheck('s3cret');
  expect(check('Bearer s3cret')).toBe(true);
  expect(check('bearer s3cret')).toBe(true);
  for (const wrong of ['Bearer s3cre', 'Bearer s3cret2', 'Basic s3cret', 's3cret', 'Bearer', '', undefined]) {
    expect(check(wrong)).toBe(false);
  }
});

test('an address of another machine is not loopback', () => {
  expect(['0.0.0.0', '::', '192.168.1.1', 'example.com', 'localhost.com'].some(isLoopbackHost)).toBe(false);
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ferry, startFerry } from './support/ferry.ts';
import { form, picture, post } from './support/form.ts';

const ADMIN = 'correct-horse-battery';
const SHOP = 'a-key-of-the-shop';

let ferry: Ferry;
beforeAll(async () => {
  ferry = await startFerry({
    toml: [
      '[server]\nhost = "0.0.0.0"\ntrusted_proxies = ["127.0.0.1"]',
      '[auth]\nadmin_key = "env:ADMIN"',
      '[[api_key]]\nname = "shop"\nkey = "env:SHOP"\nrequests_per_minute = 3\n',
    ].join('\n'),
    env: { ADMIN, SHOP },
  });
});
afterAll(() => ferry[Symbol.asyncDispose]());

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const session = (init: RequestInit) => fetch(`${ferry.url}/api/v1/admin/session`, init);
const codeOf = async (answer: Response) => ((await answer.json()) as { error: { code: string } }).error.code;

async function signIn(): Promise<string> {
  const answer = await session({ method: 'POST', headers: bearer(ADMIN) });
  expect(answer.status).toBe(200);
  const cookie = answer.headers.get('set-cookie') ?? '';
  return cookie.split(';', 1)[0] ?? '';
}

describe('a browser', () => {
  test('gets a cookie for the admin key that no script can read and no other site can send', async () => {
    const answer = await session({ method: 'POST', headers: bearer(ADMIN) });
    expect(await answer.json()).toEqual({ who: 'admin', expires_at: expect.any(String) });
    const cookie = answer.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/; HttpOnly/);
    expect(cookie).toMatch(/; SameSite=Strict/);
    expect(cookie).not.toMatch(/Secure/);
    expect(cookie).not.toContain(ADMIN);
  });

  test('gets one that does not leave TLS when a trusted proxy says that it came by TLS', async () => {
    const headers = { ...bearer(ADMIN), 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.7' };
    expect((await session({ method: 'POST', headers })).headers.get('set-cookie')).toMatch(/; Secure/);
  });

  test('edits with its cookie from our own page, and not from a page of another site', async () => {
    const cookie = await signIn();
    const edit = (origin: string) =>
      post(ferry.url, form({ prompt: 'sepia', image: picture() }), { headers: { cookie, origin } });
    expect((await edit(ferry.url)).status).toBe(200);
    const other = await edit('https://evil.example');
    expect([other.status, other.body.error?.code]).toEqual([403, 'origin_not_allowed']);
  });

  test('cannot get the next session for the one it has: a stolen one ends', async () => {
    const cookie = await signIn();
    const again = await session({ method: 'POST', headers: { cookie, origin: ferry.url } });
    expect([again.status, await codeOf(again), again.headers.get('set-cookie')]).toEqual([
      403,
      'admin_key_required',
      null,
    ]);
  });

  test('is signed out by the answer that takes the cookie away, and a forged cookie opens nothing', async () => {
    const cookie = await signIn();
    const out = await session({ method: 'DELETE', headers: { cookie, origin: ferry.url } });
    expect([out.status, out.headers.get('set-cookie')]).toEqual([
      204,
      expect.stringMatching(/^ferry_session=;.*Expires=Thu, 01 Jan 1970/),
    ]);
    const forged = await session({ headers: { cookie: `${cookie}x` } });
    expect([forged.status, await codeOf(forged)]).toEqual([401, 'invalid_api_key']);
  });
});

describe('an API key', () => {
  test('opens the API, not the admin API, and no more often in a minute than it may', async () => {
    const models = () => fetch(`${ferry.url}/v1/models`, { headers: bearer(SHOP) });
    const first = await models();
    expect([first.status, await first.json()]).toEqual([
      200,
      {
        object: 'list',
        data: expect.arrayContaining([
          { id: 'grok-imagine-1.0-edit', object: 'model', created: 0, owned_by: 'ferry' },
        ]),
      },
    ]);
    const admin = await session({ headers: bearer(SHOP) });
    expect([admin.status, await codeOf(admin)]).toEqual([403, 'admin_required']);

    const more = [await models(), await models(), await models()];
    expect(more.map(({ status }) => status)).toEqual([200, 200, 429]);
    const refused = more[2] as Response;
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await codeOf(refused)).toBe('rate_limit_exceeded');
  });
});

test('whoever guesses keys has to wait, even with the right one, and keeps nobody else waiting', async () => {
  const from = (address: string, key: string) =>
    session({ headers: { ...bearer(key), 'x-forwarded-for': address } });
  const guesses: number[] = [];
  for (let guess = 0; guess < 7; guess += 1) {
    const answer = await from('198.51.100.9', `wrong-${guess}`);
    await answer.body?.cancel();
    guesses.push(answer.status);
  }
  expect(guesses).toEqual([401, 401, 401, 401, 401, 429, 429]);
  const right = await from('198.51.100.9', ADMIN);
  expect([right.status, await codeOf(right)]).toEqual([429, 'too_many_attempts']);
  expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await from('198.51.100.10', ADMIN)).status).toBe(200);

  // A host of IPv6 has 2^64 addresses.
  for (let guess = 0; guess < 6; guess += 1) {
    const answer = await from(`2001:db8:1:2::${guess + 1}`, 'wrong');
    await answer.body?.cancel();
  }
  expect((await from('2001:db8:1:2:ffff::1', ADMIN)).status).toBe(429);
  expect((await from('2001:db8:1:3::1', ADMIN)).status).toBe(200);
});

test('no key of anybody is in the log', () => {
  const log = ferry.process.stdout + ferry.process.stderr;
  expect(log).toContain('/v1/models');
  for (const key of [ADMIN, SHOP, 'wrong-0']) expect(log).not.toContain(key);
});

import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasBrowser, launchBrowser, openPage } from './support/browser.ts';
import { type Ferry, startFerry } from './support/ferry.ts';
import { form, picture, post } from './support/form.ts';
import { readEvents } from './support/server-sent-events.ts';

const ADMIN = 'correct-horse-battery';
const SHOP = 'a-key-of-the-shop';
/** A restart on a busy machine. Milliseconds. */
const LONG = 120_000;

const guarded = (admin = ADMIN, port = '0'): Promise<Ferry> =>
  startFerry({
    toml: [
      '[server]\nhost = "0.0.0.0"',
      '[auth]\nadmin_key = "env:ADMIN"',
      '[[api_key]]\nname = "shop"\nkey = "env:SHOP"\n',
    ].join('\n'),
    env: { ADMIN: admin, SHOP, FERRY_SERVER__PORT: port },
  });

let ferry: Ferry;
beforeAll(async () => {
  ferry = await guarded();
});
afterAll(() => ferry?.[Symbol.asyncDispose]());

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const edit = (at: Ferry, name: string) =>
  post(at.url, form({ prompt: 'sepia', image: picture(undefined, name) }), { headers: bearer(ADMIN) });

/** The cookie that a browser gets for the admin key. */
async function session(): Promise<string> {
  const url = `${ferry.url}/api/v1/admin/session`;
  const answer = await fetch(url, { method: 'POST', headers: bearer(ADMIN) });
  return answer.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
}

const PATHS = ['/api/v1/admin/status', '/api/v1/admin/status/series', '/api/v1/admin/status/events'] as const;

describe.each(PATHS)('%s, where an admin key is set', (path) => {
  test.each([
    ['nobody', {}, 401, 'invalid_api_key'],
    ['a wrong key', bearer('wrong'), 401, 'invalid_api_key'],
    ['a forged session', { cookie: 'ferry_session=9999999999999.AAAA' }, 401, 'invalid_api_key'],
    ['an API key', bearer(SHOP), 403, 'admin_required'],
  ])('tells %s nothing', async (_, headers, status, code) => {
    const answer = await fetch(`${ferry.url}${path}`, { headers });
    expect([answer.status, await answer.json()]).toEqual([
      status,
      { error: expect.objectContaining({ code }) },
    ]);
  });

  test('lets no page of another site read it, even if the browser sent the cookie along', async () => {
    const headers = { cookie: await session(), origin: 'https://evil.example' };
    const answer = await fetch(`${ferry.url}${path}`, { headers });
    await answer.body?.cancel();
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });
});

test('the events are told to a session and to the admin key, from the first state on', async () => {
  for (const headers of [bearer(ADMIN), { cookie: await session() }]) {
    using events = await readEvents(`${ferry.url}${PATHS[2]}`, { headers });
    expect([(await events.next()).event, (await events.next()).event]).toEqual(['calls', 'state']);
    const edited = edit(ferry, 'told.jpg');
    let event = await events.next();
    while (event.event !== 'call') event = await events.next();
    expect(event.data).toMatchObject({ filename: 'told.jpg' });
    expect((await edited).status).toBe(200);
  }
});

const figure = (page: Page): Locator =>
  page.getByRole('region', { name: 'Uploads that arrive', exact: true });
const row = (page: Page, name: string): Locator =>
  page.getByRole('region', { name: 'Uploads', exact: true }).getByRole('listitem').filter({ hasText: name });

/** By a name that a browser trusts without TLS. */
const local = ({ url }: Ferry): string => `http://localhost:${new URL(url).port}`;

async function signIn(page: Page, key: string): Promise<void> {
  await page.getByLabel('Admin key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

describe.runIf(hasBrowser)('the status page in a real browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser?.close());

  test('asks for the admin key, then shows uploads as they happen, and asks again when the key was changed', {
    timeout: LONG,
  }, async () => {
    await using first = await guarded();
    await using opened = await openPage(browser, `${local(first)}/admin/status`, {
      ready: (page) => page.getByLabel('Admin key'),
    });
    const { page } = opened;
    await signIn(page, ADMIN);
    await figure(page).waitFor();
    await edit(first, 'live.jpg');
    await row(page, 'live.jpg').getByText('Arrived').waitFor();
    await page.reload();
    await row(page, 'live.jpg').waitFor();

    first.process.kill('SIGTERM');
    await first.process.exit();
    await using second = await guarded('another-key-altogether', new URL(first.url).port);
    await page.getByLabel('Admin key').waitFor();
    await signIn(page, 'another-key-altogether');
    await figure(page).waitFor();
    expect(second.process.stdout).not.toContain('another-key-altogether');
  });

  test('says what has happened when the code of the page went with an upgrade, and Reload brings the new one', async () => {
    await using opened = await openPage(browser, `${local(ferry)}/admin/img2img`, {
      ready: (page) => page.getByLabel('Admin key'),
    });
    const { page } = opened;
    await signIn(page, ADMIN);
    await page.getByLabel('Prompt').fill('a sentence of mine');
    // As an old page has it in mind: the gateway itself answers that there is no such file.
    await page.route('**/assets/status-page-*', (route) =>
      route.continue({ url: route.request().url().replace('status-page-', 'status-page-of-before-') }),
    );
    await page.getByRole('link', { name: 'Status' }).click();
    await page.getByRole('alert').filter({ hasText: 'Ferry was upgraded since you opened it' }).waitFor();
    // Nothing that was begun elsewhere is lost by going there and back.
    await page.getByRole('link', { name: 'Edit' }).click();
    expect(await page.getByLabel('Prompt').inputValue()).toBe('a sentence of mine');
    await page.getByRole('link', { name: 'Status' }).click();
    await page.getByRole('button', { name: 'Reload' }).waitFor();
    await page.unroute('**/assets/status-page-*');
    await page.getByRole('button', { name: 'Reload' }).click();
    await figure(page).waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    // Only the browser's own words for the sign-in and for the files that are not there.
    const own = /status of (401|404)|Refused to apply style/;
    expect(opened.complaints.filter((line) => !own.test(line))).toEqual([]);
  });
});

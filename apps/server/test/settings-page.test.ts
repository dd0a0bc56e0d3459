import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestPostgres } from '../src/database/testing/postgres.ts';
import { hasBrowser, launchBrowser, openPage } from './support/browser.ts';
import { eventually, type Ferry, startFerry } from './support/ferry.ts';
import { form, picture, post } from './support/form.ts';

let browser: Browser;
let postgres: TestPostgres;

beforeAll(async () => {
  if (!hasBrowser) return;
  [browser, postgres] = await Promise.all([launchBrowser(), TestPostgres.start()]);
});
afterAll(async () => {
  await browser?.close();
  await postgres?.[Symbol.asyncDispose]();
});

const gateway = async (): Promise<Ferry> => {
  const ferry = await startFerry({ database: new URL(await postgres.database()) });
  const up = async () => {
    const answer = await fetch(`${ferry.url}/api/v1/admin/settings`);
    return ((await answer.json()) as { database: string }).database === 'available';
  };
  expect(await eventually(up, 20_000)).toBe(true);
  return ferry;
};

/** Opens the page and waits until the settings are there. */
const openSettings = (ferry: Ferry) =>
  openPage(browser, `${ferry.url}/admin/settings`, { ready: (page) => page.getByLabel('pool.spares') });

const choose = (page: Page, setting: string, choice: string) =>
  page.getByRole('group', { name: setting }).getByRole('radio', { name: choice }).check();
const apply = async (page: Page, why: string): Promise<void> => {
  await page.getByLabel(/^Why/).fill(why);
  await page.getByRole('button', { name: 'Apply' }).click();
};

/** Uploads from several clients, one after another each, until it is stopped. */
function load(ferry: Ferry, clients: number) {
  const stop = new AbortController();
  const statuses: number[] = [];
  const origins: string[] = [];
  const client = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const { status, body } = await post(ferry.url, form({ prompt: 'sepia', image: picture() }));
      statuses.push(status);
      const [upload] = body.uploads ?? [];
      if (upload !== undefined) origins.push(upload.connection.origin);
    }
  };
  const running = Promise.all(Array.from({ length: clients }, client));
  return {
    statuses,
    origins,
    stop: async () => {
      stop.abort();
      await running;
    },
  };
}

describe.runIf(hasBrowser)('the settings page in a real browser', { timeout: 90_000 }, () => {
  test('the toggle is flipped under load without one failed upload, and rolled back with one click', async () => {
    await using ferry = await gateway();
    await using opened = await openSettings(ferry);
    const { page } = opened;
    const traffic = load(ferry, 3);
    const seen = (origin: string) => eventually(() => traffic.origins.slice(-3).includes(origin), 20_000);
    expect(await seen('prewarmed')).toBe(true);

    await choose(page, 'upload.reuse_session', 'On');
    await apply(page, 'handshakes cost too much');
    await page.getByText('Revision 1 is in effect.').waitFor();
    expect(await seen('reused')).toBe(true);

    await page.getByRole('button', { name: 'Roll back' }).click();
    await page.getByText('Revision 2 is in effect.').waitFor();
    expect(await seen('prewarmed')).toBe(true);
    await traffic.stop();

    expect(traffic.statuses.length).toBeGreaterThan(5);
    expect(traffic.statuses.filter((status) => status !== 200)).toEqual([]);
    const history = page.getByRole('region', { name: 'History' });
    expect(await history.getByText('handshakes cost too much').count()).toBeGreaterThan(0);
    expect(opened.complaints).toEqual([]);
  });

  test('a dry run says what would change and changes nothing', async () => {
    await using ferry = await gateway();
    await using opened = await openSettings(ferry);
    const { page } = opened;
    await choose(page, 'upload.transport', 'http1');
    await page.getByLabel(/^Why/).fill('what if');
    await page.getByRole('button', { name: 'What would change?' }).click();
    await page.getByText('This would change:').waitFor();
    await page.getByText(/The isolated connections to simulator are opened anew/).waitFor();
    const now = (await (await fetch(`${ferry.url}/api/v1/admin/settings`)).json()) as { revision: number };
    expect(now.revision).toBe(0);
    expect(opened.complaints).toEqual([]);
  });

  test('a value that does not fit is said beside it, and nothing can be applied', async () => {
    await using ferry = await gateway();
    await using opened = await openSettings(ferry);
    const { page } = opened;
    await page.getByLabel('pool.spares').fill('99');
    await page.getByText('Expected a whole number from 0 to 32.').waitFor();
    await page.getByLabel(/^Why/).fill('x');
    expect(await page.getByRole('button', { name: 'Apply' }).isDisabled()).toBe(true);
    await page.getByLabel('pool.spares').fill('2');
    await page.getByLabel(/^Why/).waitFor({ state: 'detached' });
    expect(opened.complaints).toEqual([]);
  });

  test('of two operators the slower one is told what the other did, and loses nothing of what was typed', async () => {
    await using ferry = await gateway();
    await using slow = await openSettings(ferry);
    await slow.page.getByLabel('pool.spares').fill('5');
    const other = await fetch(`${ferry.url}/api/v1/admin/settings`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ retry: { max_retry: 1 }, why: 'less patience' }),
    });
    expect(other.status).toBe(200);
    await apply(slow.page, 'more spares');
    await slow.page
      .getByRole('alert')
      .getByText(/less patience/)
      .waitFor();
    await slow.page.getByRole('button', { name: /keep what I typed/ }).click();
    await slow.page.getByRole('alert').waitFor({ state: 'detached' });
    expect(await slow.page.getByLabel('pool.spares').inputValue()).toBe('5');
    await expect.poll(() => slow.page.getByLabel('retry.max_retry').inputValue()).toBe('1');
    await slow.page.getByRole('button', { name: 'Apply' }).click();
    await slow.page.getByText('Revision 2 is in effect.').waitFor();
  });

  test('an API key is made, shown once, and revoked', async () => {
    await using ferry = await gateway();
    await using opened = await openSettings(ferry);
    const { page } = opened;
    const keys = page.getByRole('region', { name: 'API keys' });
    await keys.getByLabel('Name of the client').fill('blog');
    await keys.getByRole('button', { name: 'Make a key' }).click();
    const key = await keys
      .getByText(/^ferry_/)
      .first()
      .textContent();
    expect(key).toMatch(/^ferry_[\w-]{43}$/);
    await page.reload();
    await keys.getByText('blog').waitFor();
    expect(await page.content()).not.toContain(key);
    await keys.getByRole('button', { name: 'Revoke blog' }).click();
    await keys.getByText(/^revoked /).waitFor();
    expect(opened.complaints).toEqual([]);
  });

  test('on a phone nothing is wider than the screen, and an edit runs on behind the page', async () => {
    await using ferry = await gateway();
    await using opened = await openPage(browser, `${ferry.url}/admin/img2img`, { width: 390, height: 844 });
    const { page } = opened;
    await page.getByRole('button', { name: /^Show coffee/ }).waitFor();
    await page.getByRole('button', { name: /^Edit/ }).click();
    await page.getByRole('link', { name: 'Settings' }).click();
    await page.getByRole('heading', { name: 'Settings' }).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    await page.getByRole('link', { name: 'Edit' }).click();
    await page.getByRole('img', { name: /^Edited:/ }).waitFor();
    expect(opened.complaints).toEqual([]);
  });
});

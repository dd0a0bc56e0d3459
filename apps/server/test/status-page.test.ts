import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestPostgres } from '../src/database/testing/postgres.ts';
import { hasBrowser, launchBrowser, type OpenPage, openPage } from './support/browser.ts';
import { type Ferry, startFerry } from './support/ferry.ts';
import { form, picture, post } from './support/form.ts';
import { UPLOADS } from './support/simulator-control.ts';

const RESET = {
  match: { path: UPLOADS },
  fault: { kind: 'rst', code: 'PROTOCOL_ERROR', when: 'middle' },
} as const;
const REFUSED = {
  match: { path: UPLOADS },
  count: 'forever',
  fault: { kind: 'status', status: 404, when: 'after-body' },
} as const;

const ALERTS = {
  FERRY_ALERTS__WINDOW_S: '10',
  FERRY_ALERTS__MIN_UPLOADS: '3',
  FERRY_ALERTS__FOR_S: '1',
  FERRY_RETRY__RETRY_BACKOFF_BASE: '0.01',
} as const;

/** How long a drill or a restart may take on a busy machine. Milliseconds. */
const LONG = 60_000;

const edit = (ferry: Ferry, name = 'rocket.jpg') =>
  post(ferry.url, form({ prompt: 'sepia', image: picture(undefined, name) }));

const heading = (page: Page): Locator => page.getByRole('heading', { level: 1 });
const uploads = (page: Page): Locator => page.getByRole('region', { name: 'Uploads', exact: true });
const row = (page: Page, name: string): Locator =>
  uploads(page).getByRole('listitem').filter({ hasText: name });
const figure = (page: Page, name: string): Locator => page.getByRole('region', { name, exact: true });

describe.runIf(hasBrowser)('the status page in a real browser', () => {
  let ferry: Ferry;
  let browser: Browser;
  beforeAll(async () => {
    ferry = await startFerry({ env: ALERTS });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await ferry[Symbol.asyncDispose]();
  });
  beforeEach(() => ferry.simulator.reset());

  const open = (options: Parameters<typeof openPage>[2] = {}, at = ferry): Promise<OpenPage> =>
    openPage(browser, `${at.url}/admin/status`, {
      ready: (page) => figure(page, 'Uploads that arrive'),
      ...options,
    });

  test('an upload appears as it happens, with what it was and how it went', async () => {
    await using opened = await open();
    const { page } = opened;
    await edit(ferry, 'live.jpg');
    await row(page, 'live.jpg').getByText('Arrived').waitFor();
    await expect.poll(() => heading(page).textContent()).toMatch(/^Uploads arrive: 1 of 1 in the last hour$/);
    await row(page, 'live.jpg').getByRole('button').click();
    const attempts = page.getByRole('region', { name: 'Upload, attempt by attempt' });
    expect(await attempts.getByRole('listitem').count()).toBe(1);
    expect(await attempts.getByRole('listitem').textContent()).toMatch(/Answered 200/);
    expect(opened.complaints).toEqual([]);
  });

  test('edits are listed by themselves, each with its own attempts', async () => {
    await using opened = await open();
    const { page } = opened;
    await edit(ferry, 'edited.jpg');
    await row(page, 'edited.jpg').getByText('Arrived').waitFor();
    await uploads(page).getByRole('button', { name: 'Edits', exact: true }).click();
    const [newest] = await uploads(page).getByRole('listitem').all();
    await newest?.getByText('Edited').waitFor();
    await newest?.getByRole('button').click();
    const attempts = page.getByRole('region', { name: 'Edit, attempt by attempt' });
    expect(await attempts.getByRole('listitem').textContent()).toMatch(/Answered 200/);
    expect(opened.complaints).toEqual([]);
  });

  test('a retry is shown as the log has it: why, on which connections, and each phase', async () => {
    await ferry.simulator.fault(RESET);
    await using opened = await open();
    const { page } = opened;
    const { headers } = await edit(ferry, 'retried.jpg');
    await row(page, 'retried.jpg')
      .getByText(/1\sretry: stream reset by the upstream/)
      .waitFor();
    await row(page, 'retried.jpg').getByRole('button').click();
    const attempts = page.getByRole('region', { name: 'Upload, attempt by attempt' }).getByRole('listitem');
    const [first = '', second = ''] = await attempts.allTextContents();
    expect(first).toMatch(/1\. Stream reset by the upstream \(PROTOCOL_ERROR\) after \d+\skB/);
    expect(second).toMatch(/2\. Answered 200/);
    const chips = [first, second].map((text) => /#\d+/.exec(text)?.[0]);
    expect(chips[0]).not.toBe(chips[1]);
    const requestId = String(headers.get('x-request-id'));
    expect(ferry.process.messages(requestId).join('\n')).toContain('Retry 1/3');
    expect(await row(page, 'retried.jpg').textContent()).toContain(requestId);
    const phases = await attempts.nth(1).getByRole('img').getAttribute('aria-label');
    expect(phases).toMatch(/pause before it .*send .*wait for the answer/);
    expect(opened.complaints).toEqual([]);
  });

  test('connections come and go, each with why it is not used any more', async () => {
    await using opened = await open();
    const { page } = opened;
    await ferry.simulator.fault(RESET);
    await edit(ferry);
    const connections = page.getByRole('region', { name: 'Connections' });
    await connections.getByText('a stream failed on it').first().waitFor();
    await connections.getByText('has carried its upload').first().waitFor();
    expect(await connections.getByText(/^h2 #\d+$/).count()).toBeGreaterThan(1);
    expect(opened.complaints).toEqual([]);
  });

  test('an upstream that is held off HTTP/2 is shown with why, and Reset lets it be tried again', async () => {
    await using opened = await open();
    const { page } = opened;
    const fallback = page.getByRole('region', { name: 'Fallback' });
    await fallback.getByText('as configured').waitFor();
    await ferry.simulator.fault({
      match: { path: UPLOADS, protocol: 'h2' },
      count: 'forever',
      fault: { kind: 'rst', code: 'HTTP_1_1_REQUIRED', when: 'before' },
    });
    await edit(ferry);
    await fallback.getByText(/HTTP\/1\.1 \(it asked for HTTP\/1\.1\)/).waitFor();
    await ferry.simulator.reset();
    await fallback.getByRole('button', { name: 'Reset' }).click();
    await fallback.getByText('as configured').waitFor();
    expect(opened.complaints).toEqual([]);
  });

  test('a drill breaks two uploads before the eyes of a newcomer, all arrive, and its faults are gone after it', {
    timeout: LONG,
  }, async () => {
    await using opened = await open();
    const { page } = opened;
    const drill = page.getByRole('region', { name: 'Fault drill' });
    if (!(await drill.getByRole('button', { name: 'Reset in the middle' }).isVisible()))
      await drill.getByRole('heading').click();
    await drill.getByRole('button', { name: 'Reset in the middle' }).click();
    await drill.getByText('Finished: 4 of 4 arrived').waitFor({ timeout: LONG });
    await expect
      .poll(() =>
        uploads(page)
          .getByText(/1\sretry: stream reset by the upstream/)
          .count(),
      )
      .toBeGreaterThanOrEqual(2);
    await edit(ferry, 'after-drill.jpg');
    await row(page, 'after-drill.jpg').getByText('Arrived').waitFor();
    expect(opened.complaints).toEqual([]);
  });

  test('an alert fires and resolves during a drill, and the first line says since when and why', {
    timeout: 2 * LONG,
  }, async () => {
    // A gateway of its own: what other tests sent would count.
    await using quiet = await startFerry({ env: ALERTS });
    await using opened = await open({}, quiet);
    const { page } = opened;
    const drill = page.getByRole('region', { name: 'Fault drill' });
    await drill.getByRole('button', { name: 'Outage, with an alert' }).click();
    const arriving = figure(page, 'Uploads that arrive');
    await arriving.getByText(/^Alert: below 95/).waitFor({ timeout: LONG });
    await expect
      .poll(() => heading(page).textContent())
      .toMatch(/^Uploads fail since \d\d:\d\d: upstream unavailable \(503\)$|^Some uploads fail since/);
    await arriving.getByText(/^Alert resolved/).waitFor({ timeout: LONG });
    await drill.getByText(/Finished: \d+ of \d+ arrived/).waitFor({ timeout: LONG });
    await expect.poll(() => heading(page).textContent()).toMatch(/^Uploads arrive again/);
    expect(opened.complaints).toEqual([]);
  });

  test('a drill can be stopped, and what it had ordered of the upstream is taken back', {
    timeout: LONG,
  }, async () => {
    await using quiet = await startFerry({ env: ALERTS });
    await using opened = await open({}, quiet);
    const { page } = opened;
    const drill = page.getByRole('region', { name: 'Fault drill' });
    await drill.getByRole('button', { name: 'Outage, with an alert' }).click();
    await drill.getByRole('button', { name: 'Stop' }).click();
    await drill.getByText('Stopped').waitFor();
    expect((await edit(quiet)).status).toBe(200);
    expect(opened.complaints).toEqual([]);
  });

  test.each([
    { device: 'a phone', width: 390, height: 844 },
    { device: 'a small phone', width: 320, height: 568 },
  ])('on $device nothing is wider than the screen', async ({ width, height }) => {
    await ferry.simulator.fault(RESET);
    await using opened = await open({ width, height, dark: true });
    const { page } = opened;
    const name = `a-name-that-is-much-longer-than-any-phone-is-wide-${width}.jpg`;
    await edit(ferry, name);
    await row(page, name).getByRole('button').click();
    await page.getByRole('region', { name: 'Upload, attempt by attempt' }).waitFor();
    const wide = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
    expect(wide).toBeLessThanOrEqual(0);
    expect(opened.complaints).toEqual([]);
  });

  test('after a restart of the gateway the page goes on by itself, and the history is still there', {
    timeout: 2 * LONG,
  }, async () => {
    await using postgres = await TestPostgres.start();
    const database = new URL(await postgres.database());
    await using first = await startFerry({ database });
    await using opened = await open({}, first);
    const { page } = opened;
    await edit(first, 'before.jpg');
    await row(page, 'before.jpg').getByText('Arrived').waitFor();
    await page.getByRole('button', { name: '6 h' }).click();
    first.process.kill('SIGTERM');
    await first.process.exit();
    await page.getByText('Ferry does not answer. Reconnecting').waitFor();

    await using second = await startFerry({
      database,
      env: { FERRY_SERVER__PORT: new URL(first.url).port },
    });
    await page.getByText('Ferry does not answer. Reconnecting').waitFor({ state: 'hidden' });
    await row(page, 'before.jpg').getByText('Arrived').waitFor();
    await edit(second, 'behind.jpg');
    await row(page, 'behind.jpg').getByText('Arrived').waitFor();
    await expect.poll(() => heading(page).textContent()).toMatch(/^Uploads arrive: 2 of 2 in the last hour$/);

    await using fresh = await open({}, second);
    await row(fresh.page, 'before.jpg').waitFor();
    expect(fresh.complaints).toEqual([]);
    // While nobody listened, the browser itself told of it, in one of several words; nothing else went wrong.
    const away = /net::ERR_(CONNECTION_\w+|SOCKET_NOT_CONNECTED|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING)/;
    expect(opened.complaints.filter((line) => !away.test(line))).toEqual([]);
  });

  test('a change of settings is a mark on the charts, with who made it and why', {
    timeout: LONG,
  }, async () => {
    await using postgres = await TestPostgres.start();
    await using kept = await startFerry({ database: new URL(await postgres.database()) });
    const change = (): Promise<Response> =>
      fetch(`${kept.url}/api/v1/admin/settings`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ upload: { reuse_session: true }, why: 'try pooled', revision: 0 }),
      });
    await expect.poll(async () => (await change()).status).toBe(200);
    await using opened = await open({}, kept);
    const marks = opened.page.getByRole('list', { name: 'Changes of settings' });
    await marks.getByText(/revision 1 by loopback: try pooled.*upload\.reuse_session/).waitFor();
    expect(opened.complaints).toEqual([]);
  });

  test('failures are found again by a filter over the whole history', async () => {
    await ferry.simulator.fault(REFUSED);
    await edit(ferry, 'lost.jpg');
    await ferry.simulator.reset();
    await edit(ferry, 'found.jpg');
    await using opened = await open();
    const { page } = opened;
    await row(page, 'found.jpg').waitFor();
    await uploads(page).getByRole('button', { name: 'Failed', exact: true }).click();
    await row(page, 'lost.jpg')
      .getByText(/status 404/i)
      .waitFor();
    expect(await row(page, 'found.jpg').count()).toBe(0);
    expect(opened.complaints).toEqual([]);
  });
});

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { hasBrowser, launchBrowser, look, lookAt, openPage } from './support/browser.ts';
import { type Ferry, startFerry } from './support/ferry.ts';
import { bytesOf, ROCKET, TRUNCATED } from './support/form.ts';
import { EDITS, UPLOADS } from './support/simulator-control.ts';

describe.runIf(hasBrowser)('the img2img page in a real browser', () => {
  let ferry: Ferry;
  let browser: Browser;
  const url = (): string => `${ferry.url}/admin/img2img`;

  beforeAll(async () => {
    ferry = await startFerry({ env: { FERRY_RETRY__RETRY_BACKOFF_BASE: '0.01' } });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await ferry[Symbol.asyncDispose]();
  });
  beforeEach(() => ferry.simulator.reset());

  const edit = async (page: Page, prompt: string): Promise<void> => {
    await page.getByRole('textbox', { name: 'Prompt' }).fill(prompt);
    await page.getByRole('button', { name: /^Edit/ }).click();
  };
  const arrived = (page: Page): Promise<void> => page.getByRole('link', { name: 'Download' }).waitFor();
  const choose = async (page: Page, ...paths: string[]): Promise<void> => {
    await page.getByRole('button', { name: /^Remove / }).click();
    await page.getByLabel('Add images').setInputFiles(paths);
  };

  test('a first visitor finds a photograph ready, presses Edit and sees it edited as asked', async () => {
    await using opened = await openPage(browser, url());
    const { page } = opened;
    await edit(page, 'black and white');
    await arrived(page);
    const [original, edited] = [await look(page, /^Original:/), await look(page, /^Edited:/)];
    expect(original.colour).toBeGreaterThan(20);
    expect(edited.colour).toBeLessThan(4);
    expect(opened.complaints).toEqual([]);
  });

  test("a photograph of one's own is uploaded whole and comes back inverted", async () => {
    await using opened = await openPage(browser, url());
    const { page } = opened;
    await choose(page, ROCKET);
    await edit(page, 'invert');
    await arrived(page);
    const before = await lookAt(bytesOf(ROCKET));
    const after = await look(page, /^Edited:/);
    expect(after.brightness).toBeGreaterThan(255 - before.brightness - 12);
    expect(after.brightness).toBeLessThan(255 - before.brightness + 12);
    const [upload] = await ferry.simulator.requests(UPLOADS);
    expect(upload?.work?.file?.bytes).toBe(bytesOf(ROCKET).byteLength);
    expect(opened.complaints).toEqual([]);
  });

  test('the upload takes a connection that was opened while the prompt was written, and the page says so', async () => {
    await using opened = await openPage(browser, url());
    const { page } = opened;
    await page.getByRole('textbox', { name: 'Prompt' }).fill('sepia');
    const standsReady = async (): Promise<boolean> => {
      const response = await fetch(`${ferry.url}/api/v1/admin/transport`);
      const { connections } = (await response.json()) as {
        connections: readonly { state: string; uses: number }[];
      };
      return connections.some(({ state, uses }) => state === 'live' && uses === 0);
    };
    await expect.poll(standsReady).toBe(true);
    await page.getByRole('button', { name: /^Edit/ }).click();
    await arrived(page);
    expect(await page.getByText('prewarmed', { exact: true }).count()).toBeGreaterThan(0);
    expect(opened.complaints).toEqual([]);
  });

  test('two images and three variants give three results to choose from', async () => {
    await using opened = await openPage(browser, url());
    const { page } = opened;
    await page.getByLabel('Add images').setInputFiles([ROCKET]);
    await page.getByRole('radio', { name: '3', exact: true }).check({ force: true });
    await edit(page, 'sepia');
    await arrived(page);
    await expect
      .poll(() =>
        page
          .getByRole('list', { name: /^Results: sepia/ })
          .getByRole('button')
          .count(),
      )
      .toBe(3);
    expect(await ferry.simulator.requests(UPLOADS)).toHaveLength(2);
    expect(await ferry.simulator.requests(EDITS)).toHaveLength(1);
    expect(opened.complaints).toEqual([]);
  });

  test('a retry is shown where it happened, in words, and the edit arrives all the same', async () => {
    await ferry.simulator.fault({
      match: { path: UPLOADS },
      fault: { kind: 'rst', code: 'PROTOCOL_ERROR', when: 'middle' },
    });
    await using opened = await openPage(browser, url());
    const { page } = opened;
    await edit(page, 'sketch');
    await arrived(page);
    const retries = page.getByRole('list', { name: 'Retries' });
    await expect.poll(() => retries.textContent()).toMatch(/reset/i);
    expect(await page.getByText(/1\sretry/).count()).toBeGreaterThan(0);
    expect(opened.complaints).toEqual([]);
  });

  test('a damaged picture is refused in words beside the picture, and the next one works', async () => {
    await using opened = await openPage(browser, url());
    const { page } = opened;
    await choose(page, TRUNCATED);
    await edit(page, 'sepia');
    const alerts = async (): Promise<string> => (await page.getByRole('alert').allTextContents()).join(' ');
    await expect.poll(alerts).toMatch(/truncated\.jpg|damaged|cut short/i);
    expect(await ferry.simulator.requests(EDITS)).toEqual([]);
    await choose(page, ROCKET);
    await edit(page, 'sepia');
    await arrived(page);
  });

  test('a blank prompt never leaves the page', async () => {
    await using opened = await openPage(browser, url());
    await edit(opened.page, '   ');
    await expect.poll(() => opened.page.getByRole('alert').textContent()).toMatch(/prompt|say/i);
    expect(await ferry.simulator.requests(UPLOADS)).toEqual([]);
  });

  test('a result becomes the next input', async () => {
    await using opened = await openPage(browser, url());
    const { page } = opened;
    await edit(page, 'black and white');
    await arrived(page);
    const first = await look(page, /^Edited:/);
    await page.getByRole('button', { name: 'Use as input' }).click();
    await edit(page, 'invert');
    await expect.poll(async () => (await ferry.simulator.requests(EDITS)).length).toBe(2);
    await expect.poll(() => page.getByRole('list', { name: /^Results: invert/ }).count()).toBe(1);
    const second = await look(page, /^Edited:/);
    expect(second.colour).toBeLessThan(4);
    expect(Math.abs(second.brightness - (255 - first.brightness))).toBeLessThan(12);
    expect(opened.complaints).toEqual([]);
  });

  test('a reload loses nothing', async () => {
    await using opened = await openPage(browser, url());
    const { page } = opened;
    await edit(page, 'sepia');
    await arrived(page);
    const before = await look(page, /^Edited:/);
    await page.reload();
    await arrived(page);
    expect(await look(page, /^Edited:/)).toEqual(before);
    expect(await page.getByRole('textbox', { name: 'Prompt' }).inputValue()).toBe('sepia');
    expect(opened.complaints).toEqual([]);
  });

  test('the keyboard alone edits and compares', async () => {
    await using opened = await openPage(browser, url());
    const { page } = opened;
    await page.getByRole('textbox', { name: 'Prompt' }).fill('pixelate');
    await page.keyboard.press('Control+Enter');
    await arrived(page);
    const slider = page.getByRole('slider', { name: 'Compare original and edited' });
    await slider.focus();
    const before = Number(await slider.getAttribute('aria-valuenow'));
    await page.keyboard.press('ArrowRight');
    expect(Number(await slider.getAttribute('aria-valuenow'))).toBeGreaterThan(before);
    expect(opened.complaints).toEqual([]);
  });

  test('on a phone nothing is wider than the screen and the button is in reach', async () => {
    await using opened = await openPage(browser, url(), { width: 390, height: 844, dark: true });
    const { page } = opened;
    const button = page.getByRole('button', { name: /^Edit/ });
    const inReach = async (): Promise<boolean> => {
      const box = await button.boundingBox();
      return box !== null && box.y >= 0 && box.y + box.height <= 844;
    };
    expect(await inReach()).toBe(true);
    await edit(page, 'watercolor');
    await arrived(page);
    expect(await inReach()).toBe(true);
    expect(await page.locator('html').evaluate(({ scrollWidth }) => scrollWidth)).toBeLessThanOrEqual(390);
    expect(opened.complaints).toEqual([]);
  });

  test('a hostile file name is text and nothing else', async () => {
    await using opened = await openPage(browser, url());
    const { page } = opened;
    await page.getByLabel('Add images').setInputFiles({
      name: '<img src=x onerror=document.title="hit">.jpg',
      mimeType: 'image/jpeg',
      buffer: Buffer.from(bytesOf(ROCKET)),
    });
    await edit(page, 'sepia');
    await arrived(page);
    expect(await page.title()).not.toBe('hit');
    expect(opened.complaints).toEqual([]);
  });

  test('where a key is asked for, a wrong one is refused in words and the right one opens the page', async () => {
    await using guarded = await startFerry({
      toml: '[auth]\nadmin_key = "env:ADMIN"\n',
      env: { ADMIN: 'correct-horse' },
    });
    await using opened = await openPage(browser, `${guarded.url}/admin/img2img`, {
      ready: (page) => page.getByLabel('Admin key'),
    });
    const { page } = opened;
    const signIn = async (key: string): Promise<void> => {
      await page.getByLabel('Admin key').fill(key);
      await page.getByRole('button', { name: 'Sign in' }).click();
    };
    await signIn('wrong');
    await page.getByRole('alert').waitFor();
    await signIn('correct-horse');
    await page.getByRole('button', { name: /^Show coffee/ }).waitFor();
    await edit(page, 'black and white');
    await arrived(page);
    expect((await look(page, /^Edited:/)).colour).toBeLessThan(4);
    // The browser keeps a session: the key is not asked for again, and no script could read it.
    await page.reload();
    await page.getByRole('button', { name: /^Show coffee/ }).waitFor();
    expect(await page.getByLabel('Admin key').count()).toBe(0);
    expect(await page.evaluate('document.cookie')).toBe('');
    expect(guarded.process.stdout).not.toContain('correct-horse');
  });
});

/** A real Chromium, from Debian: no browser is downloaded. */
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import sharp from 'sharp';

const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';
/** Root may not use Chromium's sandbox; the rest keeps it from looking for the internet. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Whether there is a browser. Without one the tests of the pages are left out, which is said; CI installs one and lets
 * nothing be left out.
 */
export const hasBrowser: boolean = existsSync(EXECUTABLE);
if (!hasBrowser) {
  if (process.env.CI === 'true')
    throw new Error(`no browser at ${EXECUTABLE}: run scripts/install-debian.sh`);
  process.stderr.write(`The tests of the pages are left out: no browser at ${EXECUTABLE}.\n`);
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: EXECUTABLE, args: FLAGS });
}

export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of the page's scripts, its console and its requests. A page that works has none. */
  readonly complaints: readonly string[];
}

/** It comes a moment after the form. */
const sample = (page: Page): Locator => page.getByRole('button', { name: /^Show coffee/ });

/** Opens `url` as a first visit: a browser profile of its own. */
export async function openPage(
  browser: Browser,
  url: string,
  options: {
    readonly width?: number;
    readonly height?: number;
    readonly dark?: boolean;
    /** What is there once the page can be used. Default the sample photograph of the edit page. */
    readonly ready?: (page: Page) => Locator;
  } = {},
): Promise<OpenPage> {
  const { width = 1280, height = 800, dark = false, ready = sample } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.goto(url);
  await ready(page).waitFor();
  return { page, context, complaints, [Symbol.asyncDispose]: () => context.close() };
}

/** What a picture on the page looks like, in a few numbers from 0 to 255. */
export interface Look {
  readonly width: number;
  readonly height: number;
  readonly brightness: number;
  /** Mean distance between the channels of a pixel: 0 for a grey picture. */
  readonly colour: number;
}

/** What is used of the page's own types: the rest of these tests is not to see a browser's globals. */
interface PageImage {
  readonly naturalWidth: number;
  readonly naturalHeight: number;
  readonly ownerDocument: { createElement(name: 'canvas'): PageCanvas };
  decode(): Promise<void>;
}
interface PageCanvas {
  width: number;
  height: number;
  getContext(kind: '2d'): { drawImage(image: PageImage, x: number, y: number): void } | null;
  toDataURL(type: string): string;
}

/** Looks at the picture a page shows, as the browser has decoded it. */
export async function look(page: Page, alt: RegExp): Promise<Look> {
  const png = await page.getByAltText(alt).evaluate(async (element) => {
    const image = element as unknown as PageImage;
    await image.decode();
    const canvas = image.ownerDocument.createElement('canvas');
    canvas.width = image.naturalWidth;
    canvas.height = image.naturalHeight;
    canvas.getContext('2d')?.drawImage(image, 0, 0);
    return canvas.toDataURL('image/png');
  });
  return await lookAt(Buffer.from(png.slice(png.indexOf(',') + 1), 'base64'));
}

export async function lookAt(bytes: Uint8Array): Promise<Look> {
  const { data, info } = await sharp(bytes)
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  let brightness = 0;
  let colour = 0;
  for (let at = 0; at + 2 < data.length; at += 3) {
    const [red = 0, green = 0, blue = 0] = data.subarray(at, at + 3);
    brightness += (red + green + blue) / 3;
    colour += Math.max(red, green, blue) - Math.min(red, green, blue);
  }
  const pixels = info.width * info.height;
  return { width: info.width, height: info.height, brightness: brightness / pixels, colour: colour / pixels };
}

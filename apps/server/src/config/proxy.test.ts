import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ConfigError } from './config-error.ts';
import { loadConfig } from './load.ts';
import { printConfig } from './print.ts';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'ferry-proxy-'));
});
afterEach(() => rm(cwd, { recursive: true }));

const load = (proxy: string | undefined, env: Record<string, string> = {}) =>
  loadConfig({ cwd, env: { ...env, ...(proxy !== undefined && { FERRY_UPLOAD__PROXY: proxy }) } });

const everything = (address: string) => ({ httpsProxy: address, httpProxy: address, loopback: 'proxied' });

const problem = (proxy: string | undefined, env?: Record<string, string>): string => {
  try {
    load(proxy, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.join('\n');
    throw error;
  }
  return '';
};

test('by default the proxies of the environment are used, with their exceptions', () => {
  const { secrets } = load(undefined, { HTTPS_PROXY: 'http://user:hunter2@proxy.test', NO_PROXY: '.test' });
  expect(secrets.proxy).toMatchObject({ httpsProxy: 'http://user:hunter2@proxy.test', noProxy: '.test' });
});

test('none does without the environment’s proxies', () => {
  expect(load('none', { HTTPS_PROXY: 'http://proxy.test' }).secrets.proxy).toBeUndefined();
  expect(problem('none', { HTTPS_PROXY: 'socks5://proxy.test' })).toBe('');
});

test('a proxy that is named is used for everything', () => {
  expect(load('http://proxy.test:3128', { NO_PROXY: '*' }).secrets.proxy).toEqual(
    everything('http://proxy.test:3128'),
  );
});

test('a proxy may stand in a variable or a file', () => {
  const address = 'https://user:hunter2@proxy.test';
  expect(load('env:FERRY_PROXY_ADDRESS', { FERRY_PROXY_ADDRESS: address })).toMatchObject({
    config: { upload: { proxy: 'env:FERRY_PROXY_ADDRESS' } },
    secrets: { proxy: everything(address) },
    warnings: [],
  });
  writeFileSync(join(cwd, 'proxy'), `${address}\n`);
  expect(load('file:proxy').secrets.proxy).toEqual(everything(address));
});

test('user and password are used and not shown', () => {
  const loaded = load('http://user:hun@ter2@proxy.test:3128');
  expect(loaded.secrets.proxy?.httpsProxy).toBe('http://user:hun@ter2@proxy.test:3128');
  expect(printConfig(loaded)).toMatch(/^proxy = "http:\/\/\*\*\*@proxy\.test:3128" +# FERRY_UPLOAD__PROXY$/m);
  expect(inspect(loaded.config, { depth: 9 })).not.toMatch(/user|ter2/);
});

test.each([
  [
    'environmet',
    {},
    'upload.proxy (FERRY_UPLOAD__PROXY): got a value that is not shown, expected "environment"',
  ],
  ['proxy.test:3128', {}, 'got a value that is not shown'],
  ['socks5://user:hunter2@proxy.test', {}, 'got a value that is not shown'],
  ['env:NOWHERE', {}, 'upload.proxy: "env:NOWHERE" is not there, expected a secret'],
  ['env:P', { P: 'socks5://user:hunter2@x.test' }, 'upload.proxy: "env:P": a proxy is http: or https:'],
  [undefined, { https_proxy: 'socks5://user:hunter2@x.test' }, 'https_proxy: a proxy is http: or https:'],
])('%j with %j stops the start and shows no secret', (proxy, env, words) => {
  expect(problem(proxy, env as Record<string, string>)).toContain(words);
  expect(problem(proxy, env as Record<string, string>)).not.toMatch(/hunter2|x\.test/);
});

test('an unusable proxy of the environment can be done without', () => {
  expect(problem(undefined, { HTTPS_PROXY: 'socks5://x.test' })).toContain('upload.proxy = "none"');
});

import { inspect } from 'node:util';
import { afterEach, expect, test, vi } from 'vitest';
import { proxyFor } from './proxy-for.ts';
import { proxyFromEnvironment } from './proxy-from-environment.ts';
import type { ProxyOptions } from './proxy-options.ts';
import { ProxyServer } from './proxy-server.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

const chosen = (options: ProxyOptions | 'environment' | undefined, url: string) =>
  proxyFor(options)(new URL(url))?.toString();

const both = { httpsProxy: 'http://secure.test:3128', httpProxy: 'http://plain.test' };

test.each([
  ['https://api.x.ai/v1/files', 'http://secure.test:3128'],
  ['http://api.x.ai/v1/files', 'http://plain.test:80'],
  ['https://203.0.113.9/', 'http://secure.test:3128'],
  ['https://[2001:db8::1]:8443/', 'http://secure.test:3128'],
  ['https://localhost/', undefined],
  ['https://localhost./', undefined],
  ['https://api.localhost/', undefined],
  ['http://127.0.0.1:8000/', undefined],
  ['http://127.8.9.1/', undefined],
  ['http://[::1]/', undefined],
  ['http://[::ffff:127.0.0.1]/', undefined],
  ['https://notlocalhost/', 'http://secure.test:3128'],
  ['ftp://api.x.ai/', undefined],
])('%s goes by %s', (url, proxy) => {
  expect(chosen(both, url)).toBe(proxy);
});

test('without options everything is reached directly, whatever the environment says', () => {
  vi.stubEnv('HTTPS_PROXY', 'http://proxy.test');
  expect(chosen(undefined, 'https://api.x.ai/')).toBeUndefined();
  expect(chosen({}, 'https://api.x.ai/')).toBeUndefined();
  expect(chosen({ httpsProxy: '' }, 'https://api.x.ai/')).toBeUndefined();
});

test('a proxy for one scheme is not used for the other', () => {
  expect(chosen({ httpsProxy: 'http://proxy.test' }, 'http://api.x.ai/')).toBeUndefined();
});

test('loopback goes by the proxy only when that is asked for', () => {
  expect(chosen({ ...both, loopback: 'proxied' }, 'https://localhost/')).toBe('http://secure.test:3128');
});

test('excepted targets are reached directly, by name and port', () => {
  const options = { ...both, noProxy: 'x.ai:443, 10.0.0.0/8' };
  expect(chosen(options, 'https://api.x.ai/')).toBeUndefined();
  expect(chosen(options, 'https://api.x.ai./')).toBeUndefined();
  expect(chosen(options, 'https://api.x.ai:8443/')).toBe('http://secure.test:3128');
  expect(chosen(options, 'http://10.9.8.7/')).toBeUndefined();
});

test('the environment stands for its variables at the time of asking', () => {
  for (const name of ['https_proxy', 'http_proxy', 'no_proxy', 'NO_PROXY']) vi.stubEnv(name, '');
  vi.stubEnv('HTTPS_PROXY', 'proxy.test:8080');
  expect(chosen('environment', 'https://api.x.ai/')).toBe('http://proxy.test:8080');
  vi.stubEnv('NO_PROXY', '*');
  expect(chosen('environment', 'https://api.x.ai/')).toBeUndefined();
});

test('lower-case variables win, and empty ones count as none', () => {
  expect(
    proxyFromEnvironment({
      https_proxy: 'http://lower.test',
      HTTPS_PROXY: 'http://upper.test',
      http_proxy: '',
      HTTP_PROXY: ' http://upper.test ',
      NO_PROXY: 'upper.test',
      no_proxy: 'lower.test',
    }),
  ).toEqual({ httpsProxy: 'http://lower.test', httpProxy: 'http://upper.test', noProxy: 'lower.test' });
});

test('in a CGI process a client’s Proxy header is not taken for a setting', () => {
  const env = { REQUEST_METHOD: 'POST', HTTP_PROXY: 'http://evil.test', http_proxy: undefined };
  expect(proxyFromEnvironment(env).httpProxy).toBeUndefined();
});

test.each([
  ['http://proxy.test', 'http://proxy.test:80'],
  ['https://proxy.test', 'https://proxy.test:443'],
  ['https://proxy.test:80/', 'https://proxy.test:80'],
  ['proxy.test', 'http://proxy.test:80'],
  ['proxy.test:3128', 'http://proxy.test:3128'],
  ['user:secret@proxy.test:3128', 'http://proxy.test:3128'],
  ['192.0.2.1:3128', 'http://192.0.2.1:3128'],
  ['http://[2001:db8::1]:3128', 'http://[2001:db8::1]:3128'],
])('%s is the proxy %s', (address, shown) => {
  expect(String(ProxyServer.parse(address, 'x'))).toBe(shown);
});

test.each([
  ['socks5://user:hunter2@proxy.test:1080', 'http: or https:'],
  ['http://user:hunter2@', 'not a proxy'],
  ['http://user:hunter2@proxy.test:99999', 'not a proxy'],
  ['http://user:hunter2@proxy.test/path', 'not a proxy'],
  ['http://user:hunter2@proxy.test/?q', 'not a proxy'],
  ['http://user:hunter2%@proxy.test', 'percent-encoded'],
  ['http://user:hunter2%0A@proxy.test', 'cannot carry'],
  ['http://us%3Aer:hunter2@proxy.test', 'cannot carry'],
])('%s stops the start with the variable’s name and without its value', (address, words) => {
  const parse = () => proxyFromEnvironment({ HTTPS_PROXY: address });
  expect(parse).toThrow(/^HTTPS_PROXY: /);
  expect(parse).toThrow(words);
  try {
    parse();
  } catch (error) {
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/hunter2|proxy\.test/);
  }
});

test('a wrong option is named as the option', () => {
  expect(() => proxyFor({ httpProxy: 'http://' })).toThrow(/^httpProxy: /);
});

test('user and password are sent as Basic authentication, and shown nowhere', () => {
  const proxy = ProxyServer.parse('http://us%20er:p%C3%A4ss%3A@proxy.test', 'x');
  expect(proxy.authorization).toBe(`Basic ${Buffer.from('us er:päss:').toString('base64')}`);
  expect(ProxyServer.parse('http://user@proxy.test', 'x').authorization).toBe('Basic dXNlcjo=');
  expect(ProxyServer.parse('http://proxy.test', 'x').authorization).toBeUndefined();
  for (const shown of [inspect(proxy, { showHidden: true }), JSON.stringify(proxy), String(proxy)]) {
    expect(shown).not.toMatch(/us|ss|Basic/);
  }
});

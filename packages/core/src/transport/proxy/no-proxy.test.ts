import { expect, test } from 'vitest';
import { readNoProxy } from './no-proxy.ts';

const excepts = (list: string, host: string, port = 443) => readNoProxy(list)({ host, port });

test.each([
  ['*', 'api.x.ai'],
  ['*', '203.0.113.9'],
  ['example.com', 'example.com'],
  ['example.com', 'upload.example.com'],
  ['EXAMPLE.com', 'example.com'],
  ['.example.com', 'upload.example.com'],
  ['*.example.com', 'a.b.example.com'],
  ['example.com.', 'example.com'],
  ['example.com:443', 'example.com'],
  ['.example.com:443', 'upload.example.com'],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['10.0.0.0/8', '10.255.0.1'],
  ['10.1.2.3/32', '10.1.2.3'],
  ['0.0.0.0/0', '203.0.113.9'],
  ['fd00::/8', 'fd12::1'],
  ['10.1.2.3', '10.1.2.3'],
  ['10.1.2.3', '::ffff:a01:203'],
  ['10.1.2.3:443', '10.1.2.3'],
  ['2001:db8::1', '2001:db8::1'],
  ['2001:db8:0::1', '2001:db8::1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['[2001:db8::1]:443', '2001:db8::1'],
  [' a.example , example.com ', 'example.com'],
  ['a.example example.com', 'example.com'],
  [',,example.com', 'example.com'],
])('%j excepts %s', (list, host) => {
  expect(excepts(list, host)).toBe(true);
});

test.each([
  ['', 'example.com'],
  ['example.com', 'badexample.com'],
  ['example.com', 'example.com.evil.test'],
  ['.example.com', 'example.com'],
  ['*.example.com', 'example.com'],
  ['example.com:8443', 'example.com'],
  ['10.1.2.3:8443', '10.1.2.3'],
  ['[2001:db8::1]:8443', '2001:db8::1'],
  ['10.0.0.0/8', '11.0.0.1'],
  ['10.0.0.0/8', 'ten.example'],
  ['fd00::/8', 'fe80::1'],
  ['10.0.0.0/8', 'fd12::1'],
  ['10.1.2.3', '10.1.2.30'],
  ['10.0.0.0/33', '10.0.0.1'],
  ['10.0.0.0/', '10.0.0.0'],
  ['example.com/8', 'example.com'],
  ['.', 'example.com'],
  ['*.', 'example.com'],
  [':443', 'example.com'],
  ['http://example.com', 'example.com'],
])('%j does not except %s', (list, host) => {
  expect(excepts(list, host)).toBe(false);
});

test('a port in the list is compared with the port of the target', () => {
  expect(excepts('example.com:8443', 'example.com', 8443)).toBe(true);
  expect(excepts('example.com', 'example.com', 8443)).toBe(true);
});

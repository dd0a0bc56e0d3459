import { expect, test } from 'vitest';
import { MAX_REPLY_BYTES, readConnectReply } from './connect-reply.ts';

const read = (text: string) => readConnectReply(Buffer.from(text, 'latin1'));
const status = (code: number, rest = '') => ({ type: 'status', status: code, rest: Buffer.from(rest) });

test.each([
  ['HTTP/1.1 200 Connection established\r\n\r\n', status(200)],
  ['HTTP/1.0 200\r\n\r\n', status(200)],
  ['HTTP/1.1 204 \r\nvia: 1.1 proxy\r\n\r\n', status(204)],
  ['HTTP/1.1 200 OK\n\n', status(200)],
  ['HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello', status(200, 'hello')],
  ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nrest', status(200, 'rest')],
  [
    'HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n<html>',
    status(407, '<html>'),
  ],
  ['HTTP/1.1 502 Bad Gateway\r\n\r\n', status(502)],
])('%j is read', (text, reply) => {
  expect(read(text)).toEqual(reply);
});

test('the answer is the same however its bytes are divided', () => {
  const text = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nvia: 1.1 proxy\r\n\r\n';
  for (let length = 0; length < text.length; length++) {
    expect(read(text.slice(0, length))).toEqual({ type: 'partial' });
  }
  expect(read(text)).toEqual(status(200));
});

test.each([
  '\x16\x03\x01',
  'SSH-2.0-x\r\n',
  'HTTP/2 200\r\n\r\n',
  'HTTP/1.1 OK\r\n\r\n',
  '\r\n\r\n',
  'HTTP/1.1 2000 \r\n\r\n',
])('%j is not an answer in HTTP/1.1', (text) => {
  expect(read(text)).toEqual({ type: 'not-http' });
});

test('a head may fill the bound and not go past it, while what follows it may', () => {
  const head = (bytes: number) => `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(bytes - 24)}\r\n\r\n`;
  expect(read(head(MAX_REPLY_BYTES))).toEqual(status(200));
  expect(read(`${head(MAX_REPLY_BYTES)}${'z'.repeat(9)}`)).toEqual(status(200, 'z'.repeat(9)));
  expect(read(head(MAX_REPLY_BYTES + 1))).toEqual({ type: 'too-long' });
  expect(read(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(MAX_REPLY_BYTES)}`)).toEqual({ type: 'too-long' });
  expect(read('HTTP/1.1 100 Continue\r\n\r\n'.repeat(1_000))).toEqual({ type: 'too-long' });
});

import { POOLED } from '@ferry/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { failureOf, Stage, send, textOf } from './testing/stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.strike());

const retired = () => stage.events.filter(({ type }) => type === 'retired');

test.each([
  ['te', 'gzip'],
  ['http2-settings', 'AAMAAABkAAQAAP__'],
  ['expect', '100-continue'],
  ['trailer', 'x-checksum'],
  ['connection', 'close, x-kept'],
  ['upgrade', 'h2c'],
])('a request that names %s is sent without it, and its connection is used again', async (name, value) => {
  const peer = await stage.http((request, response) => {
    const own = request.headers[name] === value ? 'sent' : 'left out';
    response.end(`${own}, ${request.headers['x-kept']}`);
  });
  const transport = stage.transport(POOLED);
  for (const method of ['GET', 'POST'] as const) {
    const body = method === 'POST' ? { body: 'image' } : {};
    const response = await send(transport, peer.url, {
      method,
      headers: { [name]: value, 'x-kept': 'yes' },
      ...body,
    });
    expect(await textOf(response)).toBe('left out, yes');
  }
  expect(retired()).toEqual([]);
  expect(peer.accepted).toBe(1);
});

describe('a request that cannot be sent as it is', () => {
  test.each([
    ['whose header holds a character beyond Latin-1', { 'x-title': '\u4f60\u597d' }],
    ['whose header holds a line break', { 'x-title': 'a\r\nx-more: b' }],
    ['whose header name is no token', { 'x title': 'secret' }],
  ])('%s fails alone, and takes no connection', async (_, headers) => {
    const peer = await stage.http((_request, response) => response.end('ok'));
    const transport = stage.transport({ ...POOLED, maxConnections: 1 });
    expect(await textOf(await send(transport, peer.url))).toBe('ok');
    const error = await failureOf(send(transport, peer.url, { headers, body: 'image' }));
    expect(error).toMatchObject({ kind: 'invalid-request', phase: 'acquire', delivery: 'not-sent' });
    expect(error.message).not.toContain(Object.values(headers)[0]);
    expect(error.exchange.bodyOpened).toBe(false);
    expect(await textOf(await send(transport, peer.url))).toBe('ok');
    expect(retired()).toEqual([]);
    expect(peer.accepted).toBe(1);
  });

  test('opens no connection to find that out', async () => {
    const peer = await stage.http((_request, response) => response.end('ok'));
    const headers = { 'x-title': '\u4f60' };
    await failureOf(send(stage.transport(POOLED), peer.url, { headers }));
    expect(stage.events).toEqual([]);
    expect(peer.accepted).toBe(0);
  });
});

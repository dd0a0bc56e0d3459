import dns from 'node:dns';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { failureOf, Stage, send, textOf } from './testing/stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await stage.strike();
});

test('the name of an upstream is resolved once for many connections', async () => {
  const peer = await stage.http((_request, response) => response.end('ok'));
  const asked = vi.spyOn(dns, 'lookup');
  const named = new URL(peer.url);
  named.hostname = 'localhost';
  const transport = stage.transport();
  for (let i = 0; i < 2; i += 1) expect(await textOf(await send(transport, named))).toBe('ok');
  expect(asked).toHaveBeenCalledTimes(1);
});

test('the name of an upstream that could not be reached is resolved anew', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  const asked = vi.spyOn(dns, 'lookup');
  const transport = stage.transport();
  for (const times of [1, 2]) {
    const error = await failureOf(send(transport, new URL(`http://localhost:${port}/`)));
    expect(error.kind).toBe('connect');
    expect(asked).toHaveBeenCalledTimes(times);
  }
});

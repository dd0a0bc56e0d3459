import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { pacedUpload } from './paced-upload.ts';

const servers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of servers.splice(0)) await close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const body = Buffer.alloc(20_001, 0x61);

test('an upload arrives whole, and its answer is later than its last byte', async () => {
  let arrived = 0;
  const url = await serve((request, response) => {
    request.on('data', (bytes: Buffer) => {
      arrived += bytes.byteLength;
    });
    request.on('end', () => response.writeHead(201).end('{}'));
  });
  const { status, lastByteAt, answeredAt } = await pacedUpload(url, body, 'text/plain', 999_999);
  expect([status, arrived]).toEqual([201, body.byteLength]);
  expect(answeredAt).toBeGreaterThanOrEqual(lastByteAt);
});

test.each([
  ['before the headers', () => undefined],
  ['in the middle of the answer', (_request, response) => void response.writeHead(200).write('{')],
] as const satisfies readonly (readonly [string, RequestListener])[])(
  'a gateway that falls silent %s does not hang the run',
  async (_, listener) => {
    const url = await serve(listener);
    await expect(pacedUpload(url, body, 'text/plain', 999_999, 200)).rejects.toThrow(
      'an upload had no answer after 221 ms',
    );
  },
);

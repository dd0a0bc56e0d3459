import http2 from 'node:http2';
import {
  createFallbackTransport,
  FallbackMemory,
  FRESH,
  fromBytes,
  type RequestBody,
  type Transport,
  type TransportResponse,
} from '@ferry/core';
import { FakeClock } from '@ferry/core/testing';
import { createHttp1Transport } from '@ferry/transport-http1';
import { createUndiciTransport } from '@ferry/transport-undici';
import { createLoopbackCertificate, tcpProxy } from '@ferry/upstream-sim/peers';
import { afterEach, expect, it } from 'vitest';

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A server of both protocols, 50 ms away in each direction, and a client that chooses between them. */
async function upstream(initialWindowSize: number, connectionWindowSize = initialWindowSize * 16) {
  const certificate = await createLoopbackCertificate();
  const server = http2.createSecureServer({
    key: certificate.keyPem,
    cert: certificate.certPem,
    allowHTTP1: true,
    settings: { initialWindowSize },
  });
  server.on('session', (session) => session.setLocalWindowSize(connectionWindowSize));
  server.on('request', (request, response) => {
    request.on('error', () => undefined).resume();
    request.on('end', () => response.end('taken'));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const proxy = await tcpProxy({
    to: new URL(`https://127.0.0.1:${address.port}/`),
    toUpstream: { delayMs: 50 },
    toClient: { delayMs: 50 },
  });
  closers.push(() => proxy.close());

  const clock = new FakeClock();
  const memory = new FallbackMemory({ clock });
  const options = { policy: FRESH, tls: { ca: certificate.caPem } };
  const transport = createFallbackTransport({
    h2: createUndiciTransport(options),
    http1: createHttp1Transport(options),
    memory,
  });
  closers.push(() => transport.close());
  return {
    memory,
    clock,
    upload: () => exchange(transport, proxy.url, fromBytes(new Uint8Array(300_000))),
    look: () => exchange(transport, proxy.url),
  };
}

async function exchange(transport: Transport, url: URL, body?: RequestBody): Promise<TransportResponse> {
  const response = await transport.send(
    {
      method: body === undefined ? 'GET' : 'POST',
      url,
      headers: {},
      ...(body === undefined ? {} : { body }),
    },
    {
      signal: AbortSignal.timeout(20_000),
      limits: { connectMs: 10_000, headersMs: 10_000, idleMs: 10_000, totalMs: 20_000 },
    },
  );
  let text = '';
  for await (const chunk of response.body) text += Buffer.from(chunk).toString();
  expect(text).toBe('taken');
  return response;
}

it('an upload that a small HTTP/2 window holds up sends the next one over HTTP/1.1', async () => {
  const { memory, upload } = await upstream(65_535);
  const first = await upload();
  expect(first.exchange).toMatchObject({ protocol: 'h2', flowControl: { windowBytes: 65_535 } });
  expect(memory.list()).toMatchObject([{ road: 'http1', reason: 'slow-window' }]);
  expect((await upload()).exchange.protocol).toBe('http/1.1');
});

it('an upload that is held up again when HTTP/2 is tried doubles the time until the next try', async () => {
  const { memory, clock, upload } = await upstream(65_535);
  const held = () => memory.list().map(({ reason, remainingMs }) => ({ reason, remainingMs }));
  await upload();
  expect(held()).toEqual([{ reason: 'slow-window', remainingMs: 300_000 }]);
  clock.advance(300_000);
  expect((await upload()).exchange.protocol).toBe('h2');
  expect(held()).toEqual([{ reason: 'slow-window', remainingMs: 600_000 }]);
  expect((await upload()).exchange.protocol).toBe('http/1.1');
  clock.advance(600_000);
  expect((await upload()).exchange.protocol).toBe('h2');
  expect(held()).toEqual([{ reason: 'slow-window', remainingMs: 1_200_000 }]);
});

it('a request too small to meet the window leaves it to the next upload whether HTTP/2 is held up still', async () => {
  const { memory, clock, upload, look } = await upstream(65_535);
  await upload();
  clock.advance(300_000);
  expect((await look()).exchange.protocol).toBe('h2');
  expect(memory.list()).toMatchObject([{ road: 'probing', reason: 'slow-window' }]);
  expect((await upload()).exchange.protocol).toBe('h2');
  expect(memory.list()).toMatchObject([{ road: 'http1', reason: 'slow-window', remainingMs: 600_000 }]);
});

it('a small window of the whole connection does the same, however large those of its streams', async () => {
  const { memory, upload } = await upstream(1024 * 1024, 65_535);
  expect((await upload()).exchange.protocol).toBe('h2');
  expect(memory.list()).toMatchObject([{ road: 'http1', reason: 'slow-window' }]);
  expect((await upload()).exchange.protocol).toBe('http/1.1');
});

it('a window that holds the upload keeps it on HTTP/2, however far the server is', async () => {
  const { memory, upload } = await upstream(1024 * 1024);
  expect((await upload()).exchange).toMatchObject({
    protocol: 'h2',
    flowControl: { windowBytes: 1024 * 1024 },
  });
  expect((await upload()).exchange.protocol).toBe('h2');
  expect(memory.list()).toEqual([]);
});

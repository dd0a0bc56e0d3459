import http2 from 'node:http2';
import {
  createFallbackTransport,
  FallbackMemory,
  FRESH,
  fromBytes,
  type TransportResponse,
} from '@ferry/core';
import { createHttp1Transport } from '@ferry/transport-http1';
import { createUndiciTransport } from '@ferry/transport-undici';
import { createLoopbackCertificate, tcpProxy } from '@ferry/upstream-sim/peers';
import { afterEach, expect, it } from 'vitest';

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A server of both protocols, 50 ms away in each direction, and a client that chooses between them. */
async function upstream(initialWindowSize: number) {
  const certificate = await createLoopbackCertificate();
  const server = http2.createSecureServer({
    key: certificate.keyPem,
    cert: certificate.certPem,
    allowHTTP1: true,
    settings: { initialWindowSize },
  });
  server.on('session', (session) => session.setLocalWindowSize(initialWindowSize * 16));
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

  const memory = new FallbackMemory();
  const options = { policy: FRESH, tls: { ca: certificate.caPem } };
  const transport = createFallbackTransport({
    h2: createUndiciTransport(options),
    http1: createHttp1Transport(options),
    memory,
  });
  closers.push(() => transport.close());
  return { memory, upload: () => upload(transport, proxy.url) };
}

async function upload(
  transport: ReturnType<typeof createFallbackTransport>,
  url: URL,
): Promise<TransportResponse> {
  const response = await transport.send(
    { method: 'POST', url, headers: {}, body: fromBytes(new Uint8Array(300_000)) },
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

it('a window that holds the upload keeps it on HTTP/2, however far the server is', async () => {
  const { memory, upload } = await upstream(1024 * 1024);
  expect((await upload()).exchange).toMatchObject({
    protocol: 'h2',
    flowControl: { windowBytes: 1024 * 1024 },
  });
  expect((await upload()).exchange.protocol).toBe('h2');
  expect(memory.list()).toEqual([]);
});

/** The server process: swallows request bodies over HTTP/2 and HTTP/1.1 and answers how many bytes came. */
import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createLoopbackCertificate } from '@ferry/upstream-sim/peers';
import { openDistance } from './distance.ts';
import { expectedAnswer, type Target } from './job.ts';

/** Large enough that flow control is not what is measured; Node's default of 64 KiB would be. */
const STREAM_WINDOW_BYTES = 1024 * 1024;
const CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024;

const roundTripMs = Number(process.argv[2] ?? 0);

const certificate = await createLoopbackCertificate();
const server = http2.createSecureServer({
  key: certificate.keyPem,
  cert: certificate.certPem,
  allowHTTP1: true,
  settings: { initialWindowSize: STREAM_WINDOW_BYTES },
});
server.on('session', (session) => {
  session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
  session.on('error', () => undefined);
});
server.on('sessionError', () => undefined);
server.on('request', (request, response) => {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.byteLength;
  });
  request.on('end', () => {
    response.setHeader('content-type', 'application/json');
    response.end(expectedAnswer(bytes, request.httpVersion === '2.0' ? '2.0' : '1.1'));
  });
  request.on('error', () => undefined);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const near = new URL(`https://localhost:${(server.address() as AddressInfo).port}/upload`);
const url = roundTripMs > 0 ? await openDistance(near, roundTripMs) : near;
// Whoever started this process ends it.
process.once('disconnect', () => process.exit(0));
process.send?.({ url: url.href, caPem: certificate.caPem } satisfies Target);

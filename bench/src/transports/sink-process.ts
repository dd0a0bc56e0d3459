/** The server process: swallows request bodies over HTTP/2 and HTTP/1.1 and answers how many bytes came. */
import { once } from 'node:events';
import http2, { type Http2ServerRequest } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { createLoopbackCertificate } from '@ferry/upstream-sim/peers';
import { openDistance, UPLINK_BYTES_PER_SECOND } from './distance.ts';
import { expectedAnswer, type Target } from './job.ts';
import type { SinkOptions } from './processes.ts';

/** Large enough that flow control is not what is measured; Node's default of 64 KiB would be. */
const STREAM_WINDOW_BYTES = 1024 * 1024;
const CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024;

const { roundTripMs = 0, trouble }: SinkOptions = JSON.parse(process.argv[2] ?? '{}');

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
/** By the client's port. */
const sockets = new Map<number, Socket>();
server.on('connection', (socket: Socket) => {
  const { remotePort = 0 } = socket;
  sockets.set(remotePort, socket);
  socket.on('close', () => sockets.delete(remotePort));
});
server.on('tlsClientError', () => undefined);
let requests = 0;
server.on('request', (request, response) => {
  let bytes = 0;
  requests += 1;
  const strikes = trouble !== undefined && trouble.kind !== 'silent-drop' && requests % trouble.every === 0;
  const half = Number(request.headers['content-length'] ?? 0) / 2;
  response.on('error', () => undefined);
  request.on('data', (chunk: Buffer) => {
    const before = bytes;
    bytes += chunk.byteLength;
    if (strikes && before <= half && bytes > half) strike(request);
  });
  request.on('end', () => {
    response.setHeader('content-type', 'application/json');
    response.end(expectedAnswer(bytes, request.httpVersion === '2.0' ? '2.0' : '1.1'));
  });
  request.on('error', () => undefined);
});
/** Ends the stream, or the connection with everything on it; over HTTP/1.1 there is only the connection. */
function strike(request: Http2ServerRequest): void {
  const { remotePort = 0 } = request.socket;
  if (trouble?.kind === 'stream-reset' && request.httpVersion === '2.0') {
    request.stream.close(http2.constants.NGHTTP2_PROTOCOL_ERROR);
  } else {
    sockets.get(remotePort)?.resetAndDestroy();
  }
}

server.listen(0, '127.0.0.1');
await once(server, 'listening');
const near = new URL(`https://localhost:${(server.address() as AddressInfo).port}/upload`);
const bytesPerSecond = UPLINK_BYTES_PER_SECOND;
const url = roundTripMs > 0 ? await openDistance(near, { roundTripMs, bytesPerSecond }) : near;
// Whoever started this process ends it.
process.once('disconnect', () => process.exit(0));
process.send?.({ url: url.href, caPem: certificate.caPem } satisfies Target);

import http2, { type Http2ServerRequest } from 'node:http2';
import type { Server, Socket } from 'node:net';
import type { LoopbackCertificate } from '@ferry/upstream-sim/peers';
import { expectedAnswer, type Trouble } from '../job.ts';
import { WINDOWS } from './windows.ts';

/**
 * Node's own server for HTTP/2 and HTTP/1.1, which many upstreams are: it swallows bodies and answers how many bytes came, but for the
 * uploads that `trouble` strikes in the middle.
 */
export function nodeServer(certificate: LoopbackCertificate, trouble: Trouble | undefined): Server {
  const server = http2.createSecureServer({
    key: certificate.keyPem,
    cert: certificate.certPem,
    allowHTTP1: true,
    settings: { initialWindowSize: WINDOWS.stream },
  });
  server.on('session', (session) => {
    session.setLocalWindowSize(WINDOWS.connection);
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
  return server;
}

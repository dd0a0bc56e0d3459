import http from 'node:http';
import type { Server } from 'node:net';
import tls, { type TlsOptions } from 'node:tls';
import type { LoopbackCertificate } from '@ferry/upstream-sim/peers';
import { expectedAnswer } from '../job.ts';
import { countFrames } from './frame-counter.ts';
import { WINDOWS } from './windows.ts';

/**
 * The server that fast clients are compared with: HTTP/2 by the frame, HTTP/1.1 by `node:http`. Node's own HTTP/2 server takes more
 * processor time for a byte than its client, so that before it all HTTP/2 clients look alike: as fast as the server.
 */
export function frameServer(certificate: LoopbackCertificate): Server {
  // A client rests while the others have their turns; after Node's five seconds a request could meet the end of its connection.
  const http1 = http.createServer({ keepAliveTimeout: 0 }, (request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength;
    });
    request.on('end', () => {
      response.setHeader('content-type', 'application/json');
      response.end(expectedAnswer(bytes, '1.1'));
    });
    request.on('error', () => undefined);
    response.on('error', () => undefined);
  });
  const { keyPem: key, certPem: cert } = certificate;
  // As Node's HTTP servers do: otherwise an answer waits for the client to acknowledge a WINDOW_UPDATE before it, for 40 ms.
  const options: TlsOptions = { key, cert, ALPNProtocols: ['h2', 'http/1.1'], noDelay: true };
  const server = tls.createServer(options, (socket) => {
    socket.on('error', () => undefined);
    if (socket.alpnProtocol === 'h2') countFrames(socket, WINDOWS, (bytes) => expectedAnswer(bytes, '2.0'));
    // What node:https does with a socket of its own.
    else http1.emit('connection', socket);
  });
  server.on('tlsClientError', () => undefined);
  return server;
}

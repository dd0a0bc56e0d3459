import { once } from 'node:events';
import http, { type RequestListener } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import tls from 'node:tls';
import type { TestCertificate } from './certificate.ts';

/** A server on loopback that knows its connections. */
export interface Peer {
  readonly url: URL;
  /** Connections accepted in its life. */
  readonly accepted: number;
  /** Those open now: the TCP sockets, also when TLS is spoken on them. */
  readonly sockets: ReadonlySet<Socket>;
  /** Waits until there is none: a client that leaks one lets the test time out. */
  empty(): Promise<void>;
  close(): Promise<void>;
}

function peerOf(server: Server, scheme: 'http' | 'https', port: number, served = new Set<Socket>()): Peer {
  const sockets = new Set<Socket>();
  let accepted = 0;
  let changed = Promise.withResolvers<void>();
  server.on('connection', (socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      sockets.delete(socket);
      changed.resolve();
      changed = Promise.withResolvers();
    });
  });
  return {
    url: new URL(`${scheme}://localhost:${port}/`),
    sockets,
    get accepted() {
      return accepted;
    },
    async empty() {
      // A socket that does not read never learns that the other side has closed.
      for (const socket of served) socket.resume();
      while (sockets.size > 0) await changed.promise;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Node's own HTTP server, over TLS when given a certificate. */
export async function httpPeer(listener: RequestListener, certificate?: TestCertificate): Promise<Peer> {
  const server = certificate ? https.createServer(certificate, listener) : http.createServer(listener);
  // Node's default of 5 s would end idle connections in the middle of a slow test run.
  server.keepAliveTimeout = 0;
  return peerOf(server, certificate ? 'https' : 'http', await listen(server));
}

/** A peer that does exactly what `serve` does with each connection, over TLS when given a certificate. */
export async function rawPeer(serve: (socket: Socket) => void, certificate?: TestCertificate): Promise<Peer> {
  const served = new Set<Socket>();
  const quietly = (socket: Socket): void => {
    served.add(socket);
    socket.on('error', () => undefined);
    serve(socket);
  };
  const server = certificate
    ? tls.createServer({ ...certificate, ALPNProtocols: ['http/1.1'] }, quietly)
    : net.createServer(quietly);
  return peerOf(server, certificate ? 'https' : 'http', await listen(server), served);
}

/** Ends every connection of a peer: with a FIN, or with a RST. */
export function hangUp(peer: Peer, how: 'FIN' | 'RST'): void {
  for (const socket of peer.sockets) {
    if (how === 'RST') socket.resetAndDestroy();
    else socket.destroy();
  }
}

/** Calls back each time a whole request head has arrived, with the head as text; body bytes are dropped. */
export function onHead(socket: Socket, then: (head: string, socket: Socket) => void): void {
  let text = '';
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1');
    const end = text.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = text.slice(0, end);
    text = '';
    then(head, socket);
  });
}

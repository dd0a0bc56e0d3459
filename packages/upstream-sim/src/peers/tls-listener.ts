import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import type { LoopbackCertificate } from '../certificate.ts';

export interface ListenOptions {
  readonly certificate: LoopbackCertificate;
  /** What the peer offers in ALPN, what it prefers first. */
  readonly alpn: string | readonly string[];
  /** An address of loopback. Default 127.0.0.1, whose URL says `localhost`. */
  readonly host?: string;
  /** The TCP connection is there; TLS follows. */
  readonly onTcp?: (tcp: Socket) => void;
  /** TLS is up. `tcp` is the socket under it. */
  readonly onSecure: (socket: TLSSocket, tcp: Socket) => void;
  /** A TCP connection has gone. */
  readonly onClose?: () => void;
}

/** A listening socket and what came of it. */
export interface Listener {
  readonly url: URL;
  accepted(): number;
  openSockets(): number;
  /** Ends every connection with FIN. */
  finAll(): void;
  /** Destroys every connection and stops listening. */
  close(): Promise<void>;
}

/** Node does not notice a FIN in the middle of a handshake; this ends it in milliseconds. */
const HANDSHAKE_MS = 2_000;

/** Ends a TCP connection under TLS with FIN, unless it has ended already. */
export function finTcp(tcp: Socket): void {
  if (!tcp.destroyed) tcp.end();
}

/** Ends a TCP connection under TLS with RST. A FIN that was sent first stays the end: Node never closes it otherwise. */
export function resetTcp(tcp: Socket): void {
  if (!tcp.destroyed && !tcp.writableEnded) tcp.resetAndDestroy();
}

/** Listens for TLS on loopback, on a port of the system's choice. */
export async function listenTls(options: ListenOptions): Promise<Listener> {
  const { certificate, alpn, onTcp, onSecure, onClose } = options;
  const byPort = new Map<number | undefined, Socket>();
  const server = tls.createServer(
    {
      key: certificate.keyPem,
      cert: certificate.certPem,
      ALPNProtocols: [alpn].flat(),
      handshakeTimeout: HANDSHAKE_MS,
    },
    (socket) => {
      socket.on('error', () => undefined);
      const tcp = byPort.get(socket.remotePort);
      // Gone between the handshake and this event.
      if (tcp === undefined) socket.destroy();
      else onSecure(socket, tcp);
    },
  );
  // A client that turns away in the handshake is its own affair.
  server.on('tlsClientError', () => undefined);
  return await listen(server, 'https', options.host, {
    opened: (tcp) => {
      byPort.set(tcp.remotePort, tcp);
      onTcp?.(tcp);
    },
    closed: (port, tcp) => {
      if (byPort.get(port) === tcp) byPort.delete(port);
      onClose?.();
    },
  });
}

/** Listens for TCP; whatever happens on a connection is up to `onSocket`. */
export async function listenTcp(onSocket: (socket: Socket) => void): Promise<Listener> {
  // What a proxy's client half-closes must reach the other side as a half-close.
  const server = net.createServer({ allowHalfOpen: true });
  return await listen(server, 'https', undefined, { opened: onSocket, closed: () => undefined });
}

async function listen(
  server: net.Server,
  scheme: string,
  host: string | undefined,
  hear: { opened(tcp: Socket): void; closed(port: number | undefined, tcp: Socket): void },
): Promise<Listener> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  server.on('connection', (tcp) => {
    accepted += 1;
    sockets.add(tcp);
    const port = tcp.remotePort;
    // Else Nagle's algorithm holds an answer back for 40 ms whenever a WINDOW_UPDATE went before it.
    tcp.setNoDelay(true);
    tcp.on('error', () => undefined);
    tcp.once('close', () => {
      sockets.delete(tcp);
      hear.closed(port, tcp);
    });
    hear.opened(tcp);
  });
  server.listen(0, host ?? '127.0.0.1');
  await once(server, 'listening');
  return {
    url: new URL(`${scheme}://${host ?? 'localhost'}:${(server.address() as AddressInfo).port}/upload`),
    accepted: () => accepted,
    openSockets: () => sockets.size,
    finAll() {
      for (const socket of sockets) socket.end();
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

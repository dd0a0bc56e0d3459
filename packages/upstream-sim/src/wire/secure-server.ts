import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import { createServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import type { LoopbackCertificate } from '../certificate.ts';
import { ConnectionBook } from './connection-book.ts';
import { type Wire, wireOf } from './wire.ts';

/** Which protocols the server offers in ALPN. */
export type Protocols = 'both' | 'h2' | 'http1';

export interface Http2Settings {
  /** Bytes a stream may send before it must wait for us. Node's default of 64 KiB would cap an upload at 64 KiB a round trip. */
  readonly initialWindowSize: number;
  /** The same for all streams of a connection together. */
  readonly connectionWindowSize: number;
  readonly maxConcurrentStreams: number;
}

export const DEFAULT_HTTP2: Http2Settings = {
  initialWindowSize: 1024 * 1024,
  connectionWindowSize: 16 * 1024 * 1024,
  maxConcurrentStreams: 128,
};

export interface SecureServerOptions {
  readonly host: string;
  readonly port: number;
  readonly protocols: Protocols;
  readonly certificate: LoopbackCertificate;
  readonly http2: Http2Settings;
  readonly onRequest: (wire: Wire) => void;
}

export interface SecureServer {
  readonly port: number;
  readonly connections: ConnectionBook;
  /** Closes every connection at once. */
  close(): Promise<void>;
}

/** Longer than any client's own idle limit, so that in HTTP/1.1 it is the client who closes. */
const KEEP_ALIVE_MS = 65_000;

type AnyRequest = IncomingMessage | Http2ServerRequest;
type AnyResponse = ServerResponse | Http2ServerResponse;

/** A TLS server on loopback for HTTP/2, HTTP/1.1, or both on one port. */
export async function listenSecurely(options: SecureServerOptions): Promise<SecureServer> {
  const connections = new ConnectionBook();
  const onRequest = (request: AnyRequest, response: AnyResponse): void => {
    const connection = connections.find(request.socket);
    // Gone between its bytes and this event: there is nobody to serve.
    if (connection) options.onRequest(wireOf(request, response, connection));
  };
  const server = makeServer(options, onRequest);
  server.on('connection', (socket) => connections.add(socket));
  // A client that turns away during the handshake is its own affair.
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        connections.destroyAll();
      }),
  };
}

function makeServer(
  { protocols, certificate, http2 }: SecureServerOptions,
  onRequest: (request: AnyRequest, response: AnyResponse) => void,
): Server {
  const identity = { key: certificate.keyPem, cert: certificate.certPem };
  if (protocols === 'http1') {
    return createServer(
      { ...identity, keepAliveTimeout: KEEP_ALIVE_MS, ALPNProtocols: ['http/1.1'] },
      onRequest,
    );
  }
  const server = createSecureServer(
    {
      ...identity,
      allowHTTP1: protocols === 'both',
      settings: {
        initialWindowSize: http2.initialWindowSize,
        maxConcurrentStreams: http2.maxConcurrentStreams,
      },
      // Uploads in flight count against it, and 10 MB is less than one file.
      maxSessionMemory: 256,
    },
    onRequest,
  );
  Object.assign(server, { keepAliveTimeout: KEEP_ALIVE_MS });
  server.on('session', (session: ServerHttp2Session) => {
    session.setLocalWindowSize(http2.connectionWindowSize);
    session.on('error', () => undefined);
  });
  return server;
}

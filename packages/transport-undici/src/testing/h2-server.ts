import { once } from 'node:events';
import http2, { type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { type Certificate, certificate } from './certificate.ts';

export interface ServedRequest {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  /** Reads the whole body. */
  body(): Promise<Buffer>;
  /** Which connection it came on, from 0. */
  readonly connection: number;
  /** Which request it is on this server, from 0. */
  readonly index: number;
}

export interface TestServer {
  readonly url: URL;
  /** Requests whose HEADERS have arrived. */
  requests(): number;
  /** Connections ever accepted. */
  accepted(): number;
  openSockets(): number;
  /** TLS handshakes that resumed an earlier session. */
  resumed(): number;
  /** Ends every TCP connection with FIN. */
  finAll(): void;
  close(): Promise<void>;
}

/** Reads the body and answers 200 with its length. */
async function answerLength(request: ServedRequest): Promise<void> {
  const bytes = await request.body();
  request.stream.respond({ ':status': 200, 'content-type': 'text/plain' });
  request.stream.end(String(bytes.byteLength));
}

/** A decent HTTP/2 server on loopback, by Node itself. */
export async function h2Server(
  answer: (request: ServedRequest) => void | Promise<void> = answerLength,
  options: http2.SecureServerOptions & { readonly certificate?: Certificate } = {},
): Promise<TestServer> {
  const { key, cert } = options.certificate ?? (await certificate());
  const server = http2.createSecureServer({ key, cert, ...options });
  const sockets = new Set<Socket>();
  const sessions = new Map<unknown, number>();
  let accepted = 0;
  let requests = 0;
  let resumed = 0;
  server.on('connection', (socket: Socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('secureConnection', (socket) => {
    if (socket.isSessionReused()) resumed += 1;
  });
  server.on('session', (session) => {
    sessions.set(session, sessions.size);
    session.on('error', () => undefined);
  });
  server.on('sessionError', () => undefined);
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => undefined);
    const index = requests;
    requests += 1;
    const body = async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks);
    };
    const connection = sessions.get(stream.session) ?? -1;
    // A request that is reset half-way ends its answer with an error of its own.
    void Promise.resolve(answer({ stream, headers, body, connection, index })).catch(() => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: new URL(`https://localhost:${(server.address() as AddressInfo).port}/`),
    requests: () => requests,
    accepted: () => accepted,
    openSockets: () => sockets.size,
    resumed: () => resumed,
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

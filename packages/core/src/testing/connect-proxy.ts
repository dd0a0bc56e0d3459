import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import tls from 'node:tls';

/** One CONNECT, as the proxy has read it. */
export interface ConnectRequest {
  /** `host:port` of the request line. */
  readonly authority: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What a proxy does with a CONNECT. `join` connects to the target and answers 200, or 502 when that fails. */
export type ConnectBehaviour = (request: ConnectRequest, client: Socket, join: () => void) => void;

export interface ConnectProxyOptions {
  /** Default: joins. */
  readonly behaviour?: ConnectBehaviour;
  /** TLS with its clients. */
  readonly certificate?: { readonly key: string; readonly cert: string };
  /** Where names lead that only this proxy knows; any other is resolved by the system. */
  readonly hosts?: Readonly<Record<string, string>>;
}

/** A real HTTP proxy on loopback that knows CONNECT and nothing else. */
export interface ConnectProxy {
  readonly port: number;
  /** Its address, with `userinfo` such as `user:password` before the host if given. */
  address(userinfo?: string): string;
  /** Every CONNECT that came. */
  readonly requests: readonly ConnectRequest[];
  /** Connections from clients that are open now. */
  openSockets(): number;
  /** Bytes that have gone to targets. */
  bytesToTargets(): number;
  /** Forwards nothing more from clients and reads on, so that it hears of their ends: a paused socket never does. */
  listenForEnds(): void;
  /** RST to both sides of every tunnel. */
  resetAll(): void;
  /** Resolves when no client has a connection left. */
  empty(): Promise<void>;
  close(): Promise<void>;
}

export async function startConnectProxy(options: ConnectProxyOptions = {}): Promise<ConnectProxy> {
  const { certificate, behaviour = (_request, _client, join) => join(), hosts = {} } = options;
  const requests: ConnectRequest[] = [];
  const clients = new Set<Socket>();
  const upstreams = new Set<Socket>();
  let bytesToTargets = 0;
  let forwarding = true;
  let changed = Promise.withResolvers<void>();

  const join = (request: ConnectRequest, client: Socket, early: Buffer): void => {
    const { hostname, port } = new URL(`http://${request.authority}`);
    const host = hosts[hostname] ?? hostname.replace(/^\[(.*)\]$/, '$1');
    const upstream = net.connect({ host, port: port === '' ? 80 : Number(port), noDelay: true });
    upstreams.add(upstream);
    upstream.on('error', () => {
      if (upstream.connecting) client.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n');
    });
    upstream.once('connect', () => {
      client.write('HTTP/1.1 200 Connection established\r\nvia: 1.1 test\r\n\r\n');
      const onward = (bytes: Buffer): void => {
        if (!forwarding) return;
        bytesToTargets += bytes.byteLength;
        if (!upstream.write(bytes)) client.pause();
      };
      if (early.byteLength > 0) onward(early);
      client.on('data', onward);
      upstream.on('drain', () => client.resume());
      upstream.pipe(client);
      client.on('end', () => upstream.end());
      client.resume();
    });
    upstream.once('close', () => {
      upstreams.delete(upstream);
      client.destroy();
    });
    client.once('close', () => upstream.destroy());
  };

  const serve = (client: Socket): void => {
    client.on('error', () => undefined);
    let text = Buffer.alloc(0);
    const onData = (bytes: Buffer): void => {
      text = Buffer.concat([text, bytes]);
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      client.off('data', onData);
      client.pause();
      // A socket that does not read what has come never learns that the other side has closed.
      client.once('finish', () => client.resume());
      const request = readRequest(text.toString('latin1', 0, end));
      const early = text.subarray(end + 4);
      requests.push(request);
      behaviour(request, client, () => join(request, client, early));
    };
    client.on('data', onData);
  };

  const server = certificate ? tls.createServer(certificate, serve) : net.createServer(serve);
  server.on('connection', (socket: Socket) => {
    clients.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clients.delete(socket);
      changed.resolve();
      changed = Promise.withResolvers();
    });
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    address: (userinfo) =>
      `${certificate ? 'https' : 'http'}://${userinfo === undefined ? '' : `${userinfo}@`}localhost:${port}`,
    requests,
    openSockets: () => clients.size,
    bytesToTargets: () => bytesToTargets,
    listenForEnds() {
      forwarding = false;
      for (const client of clients) client.resume();
    },
    resetAll() {
      for (const socket of [...clients, ...upstreams]) socket.resetAndDestroy();
    },
    async empty() {
      while (clients.size > 0) await changed.promise;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of [...clients, ...upstreams]) socket.destroy();
      await closed;
    },
  };
}

function readRequest(head: string): ConnectRequest {
  const [line = '', ...fields] = head.split('\r\n');
  const [method, authority = ''] = line.split(' ');
  if (method !== 'CONNECT') throw new Error(`only CONNECT is known here, not ${method}`);
  const headers = fields.map((field) => {
    const colon = field.indexOf(':');
    return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()] as const;
  });
  return { authority, headers: Object.fromEntries(headers) };
}

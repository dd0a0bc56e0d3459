import net, { type LookupFunction, type Socket } from 'node:net';
import tls from 'node:tls';
import { type ConnectReply, MAX_REPLY_BYTES, readConnectReply } from './connect-reply.ts';
import type { ProxyTarget } from './no-proxy.ts';
import type { ProxyServer } from './proxy-server.ts';

/** Which part failed; these are `TransportErrorKind`s. */
export type TunnelFailureKind = 'dns' | 'connect' | 'tls' | 'protocol';

const BRAND = Symbol.for('ferry.TunnelError');

/**
 * The proxy gave no way to the target. Nothing of any request has been sent. The message names no address, header or
 * credential.
 */
export class TunnelError extends Error {
  override readonly name: string = 'TunnelError';
  readonly kind: TunnelFailureKind;
  /** The proxy's answer to CONNECT, when it was an HTTP status. */
  readonly status: number | undefined;

  constructor(
    kind: TunnelFailureKind,
    message: string,
    about: { readonly status?: number | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, about.cause === undefined ? undefined : { cause: about.cause });
    Object.defineProperty(this, BRAND, { value: true });
    this.kind = kind;
    this.status = about.status;
  }

  /** By a registered symbol, not `instanceof`, so that two copies of this package agree. */
  static is(value: unknown): value is TunnelError {
    return typeof value === 'object' && value !== null && BRAND in value;
  }
}

/** A way to a target through a proxy. */
export interface Tunnel {
  /** The connection to the proxy, from its first moment. Destroying it gives up, in whatever state it is. */
  readonly socket: Socket;
  /**
   * Resolves when the proxy has joined the socket to the target: the next byte either way is the target's, and bytes that
   * came with the proxy's answer are there to be read. Rejects with `TunnelError`, and the socket is destroyed then.
   */
  readonly ready: Promise<Socket>;
}

export interface TunnelOptions {
  /** Resolves the proxy's name in place of `dns.lookup`. The target's name is resolved by the proxy. */
  readonly lookup?: LookupFunction | undefined;
}

/**
 * Connects to the proxy and asks it for a tunnel (CONNECT, RFC 9110 section 9.3.6). There is no time limit here: whoever
 * asked destroys the socket when its own limit passes or its caller aborts.
 */
export function openTunnel(proxy: ProxyServer, target: ProxyTarget, options: TunnelOptions = {}): Tunnel {
  const socket = proxy.secure ? connectTls(proxy, options) : connectTcp(proxy, options);
  // What goes wrong later is told by whoever uses the socket; without a listener it would end the process.
  socket.on('error', () => undefined);
  return { socket, ready: joined(socket, proxy, target) };
}

function connectTcp({ host, port }: ProxyServer, { lookup }: TunnelOptions): Socket {
  return net.connect({ host, port, noDelay: true, ...(lookup && { lookup }) });
}

function connectTls({ host, port, secureContext }: ProxyServer, { lookup }: TunnelOptions): Socket {
  return tls.connect({
    host,
    port,
    noDelay: true,
    // CONNECT of HTTP/1.1 is what is spoken; a proxy that also knows h2 must not choose it.
    ALPNProtocols: ['http/1.1'],
    // Said, so that no environment variable can turn the check off.
    rejectUnauthorized: true,
    // An IP address is no server name (RFC 6066 section 3).
    ...(net.isIP(host) === 0 && { servername: host }),
    ...(lookup && { lookup }),
    ...(secureContext && { secureContext }),
  } as tls.ConnectionOptions);
}

/** How far it has come decides what a failure means. */
type Stage = 'connecting' | 'securing' | 'asked';

function joined(socket: Socket, proxy: ProxyServer, target: ProxyTarget): Promise<Socket> {
  return new Promise((resolve, reject) => {
    let stage: Stage = 'connecting';
    let received: Buffer = Buffer.alloc(0);

    const leave = (): void => {
      socket.off('connect', onConnect).off('secureConnect', ask).off('readable', onReadable);
      socket.off('error', onError).off('end', onEnd).off('close', onEnd);
    };
    const fail = (error: TunnelError): void => {
      leave();
      socket.destroy();
      reject(error);
    };
    const onConnect = (): void => {
      if (proxy.secure) stage = 'securing';
      else ask();
    };
    const ask = (): void => {
      stage = 'asked';
      socket.write(connectRequest(proxy, target));
      socket.on('readable', onReadable);
    };
    const onReadable = (): void => {
      for (let chunk = read(socket); chunk !== null; chunk = read(socket)) {
        received = Buffer.concat([received, chunk]);
        const outcome = outcomeOf(readConnectReply(received));
        if (outcome === undefined) continue;
        if (outcome instanceof TunnelError) fail(outcome);
        else {
          leave();
          if (outcome.byteLength > 0) socket.unshift(outcome);
          resolve(socket);
        }
        return;
      }
    };
    const onError = (error: Error): void => fail(failureOf(error, stage));
    const onEnd = (): void => fail(closed(stage));

    socket.on('connect', onConnect).on('secureConnect', ask);
    socket.on('error', onError).on('end', onEnd).on('close', onEnd);
  });
}

const read = (socket: Socket): Buffer | null => socket.read() as Buffer | null;

function connectRequest({ authorization }: ProxyServer, { host, port }: ProxyTarget): string {
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const credentials = authorization === undefined ? '' : `Proxy-Authorization: ${authorization}\r\n`;
  return `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${credentials}\r\n`;
}

/**
 * What has come of CONNECT: the target's first bytes, mostly none, or why there is no way; undefined while more must be read.
 * Neither the proxy's words nor its headers are repeated: they may hold anything.
 */
function outcomeOf(reply: ConnectReply): Buffer | TunnelError | undefined {
  switch (reply.type) {
    case 'partial':
      return undefined;
    case 'not-http':
      return new TunnelError('protocol', "the proxy's answer to CONNECT is not HTTP/1.1");
    case 'too-long':
      return new TunnelError(
        'protocol',
        `the proxy's answer to CONNECT is longer than ${MAX_REPLY_BYTES} bytes`,
      );
    case 'status': {
      const { status, rest } = reply;
      if (status >= 200 && status <= 299) return rest;
      return new TunnelError(
        'connect',
        status === 407
          ? 'the proxy asks for authentication (407)'
          : `the proxy did not open a way to the upstream (${status})`,
        { status },
      );
    }
  }
}

function failureOf(cause: NodeJS.ErrnoException, stage: Stage): TunnelError {
  const code = cause.code === undefined ? '' : ` (${cause.code})`;
  if (stage === 'asked')
    return new TunnelError('connect', `the proxy broke the connection${code}`, { cause });
  if (stage === 'securing') return new TunnelError('tls', `TLS with the proxy failed${code}`, { cause });
  return cause.syscall === 'getaddrinfo'
    ? new TunnelError('dns', `the proxy's name could not be resolved${code}`, { cause })
    : new TunnelError('connect', `the proxy could not be reached${code}`, { cause });
}

function closed(stage: Stage): TunnelError {
  switch (stage) {
    case 'connecting':
      return new TunnelError('connect', 'the connection to the proxy was given up');
    case 'securing':
      return new TunnelError('tls', 'the proxy closed the connection during the TLS handshake');
    case 'asked':
      return new TunnelError('connect', 'the proxy closed the connection without an answer to CONNECT');
  }
}

import net, { isIP, type LookupFunction, type Socket } from 'node:net';
import tls, { type SecureContextOptions } from 'node:tls';
import { AcquireFailure } from '../pool/acquire-failure.ts';
import type { Clock } from '../time/clock.ts';
import { createCachedLookup } from '../transport/dns-cache.ts';
import { openTunnel, TunnelError } from '../transport/proxy/connect-tunnel.ts';
import type { ProxyTarget } from '../transport/proxy/no-proxy.ts';
import { proxyFor, proxyTarget } from '../transport/proxy/proxy-for.ts';
import type { ProxyOptions } from '../transport/proxy/proxy-options.ts';
import type { ProxyServer } from '../transport/proxy/proxy-server.ts';
import { type AlpnProtocol, type Connected, handshake } from './handshake.ts';
import { SessionCache } from './session-cache.ts';

export interface ConnectorOptions {
  /** What the connections are for; the only protocol offered. */
  readonly alpn: AlpnProtocol;
  /** Trust and identity. Everything else is Node's default, and verification cannot be switched off. */
  readonly tls?: SecureContextOptions | undefined;
  /** Resolves host names in place of `dns.lookup` and its cache. */
  readonly lookup?: LookupFunction | undefined;
  /** Goes through an HTTP proxy (CONNECT); `environment` reads its variables once, now. */
  readonly proxy?: ProxyOptions | 'environment' | undefined;
  readonly clock: Clock;
}

/** A connection on its way. */
export interface Connecting {
  /**
   * The socket that reaches the network, to the server or to its proxy. Destroying it gives up, which rejects, and it closes
   * when the connection does, in whatever state that is.
   */
  readonly socket: Socket;
  /** Resolves once TCP, the proxy's tunnel if any, and TLS are done; rejects with `AcquireFailure`. */
  readonly ready: Promise<Connected>;
}

export interface Connector {
  /**
   * Opens a connection to an origin, through a proxy if one leads there: with TLS for `https:`, without for `http:`. Its socket
   * does not keep the process alive.
   */
  connect(origin: URL): Connecting;
}

/** Over a new TCP connection, or over a socket that leads there already. */
type TlsWay =
  | { readonly port: number; readonly lookup: LookupFunction; readonly noDelay: true }
  | { readonly socket: Socket };

/**
 * Opens the connections of one transport: cached names, happy eyeballs (RFC 8305, Node's default), tunnels, TLS that resumes.
 * @throws the OpenSSL error when `tls` cannot be read; an Error that names the option or variable which is not a proxy's address.
 */
export function createConnector({ alpn, clock, ...options }: ConnectorOptions): Connector {
  const names = createCachedLookup({ clock });
  const lookup = options.lookup ?? names;
  const proxyOf = proxyFor(options.proxy);
  const sessions = new SessionCache();
  // Shared: parsing a bundle of 145 authorities for each connection took 9.6 ms, sharing it 1.8 ms. Made at once when there is
  // something in it that may be wrong.
  let context = options.tls && tls.createSecureContext(options.tls);

  function startTls(origin: URL, { host }: ProxyTarget, way: TlsWay): tls.TLSSocket {
    context ??= tls.createSecureContext();
    const session = sessions.get(origin.host);
    const socket = tls.connect({
      ...way,
      secureContext: context,
      // Said, so that no environment variable can turn the check off.
      rejectUnauthorized: true,
      ALPNProtocols: [alpn],
      // An IP address is no server name (RFC 6066 section 3); the certificate is then checked against `host`.
      host,
      ...(isIP(host) === 0 && { servername: host }),
      ...(session && { session }),
    });
    sessions.learn(origin.host, socket);
    return socket;
  }

  function direct(origin: URL, target: ProxyTarget): Connecting {
    const way = { port: target.port, lookup, noDelay: true } as const;
    const secure = origin.protocol === 'https:';
    const socket = secure ? startTls(origin, target, way) : net.connect({ ...way, host: target.host });
    return { socket, ready: handshake(socket, { clock, alpn }) };
  }

  function through(proxy: ProxyServer, origin: URL, target: ProxyTarget): Connecting {
    const tunnel = openTunnel(proxy, target, { lookup });
    let askedAt = clock.now();
    tunnel.socket.once(proxy.secure ? 'secureConnect' : 'connect', () => {
      askedAt = clock.now();
    });
    const inside = async (): Promise<Connected> => {
      const socket = await joined(tunnel.ready);
      // The proxy connects before it answers: what CONNECT takes is the way to the target and back, not only to the proxy.
      const rttMs = clock.now() - askedAt;
      if (origin.protocol !== 'https:') return { socket, rttMs, endToEnd: false };
      const secured = startTls(origin, target, { socket });
      const inner = await handshake(secured, { clock, alpn, tunnelled: true });
      return { ...inner, ...(!inner.endToEnd && { rttMs }) };
    };
    return { socket: tunnel.socket, ready: inside() };
  }

  return {
    connect(origin) {
      const proxy = proxyOf(origin);
      const target = proxyTarget(origin);
      const connecting = proxy === undefined ? direct(origin, target) : through(proxy, origin, target);
      connecting.socket.on('error', () => undefined);
      letProcessEnd(connecting.socket);
      connecting.ready.catch((error: unknown) => {
        if (error instanceof AcquireFailure && error.kind === 'tls') sessions.forget(origin.host);
        // The addresses may have moved: the next connection asks for them anew.
        names.forget((proxy ?? target).host);
        connecting.socket.destroy();
      });
      return connecting;
    },
  };
}

/**
 * What uses a connection keeps the process alive by its own limits. For each address after the first Node gives the socket a new
 * handle (net.js, `kReinitializeHandle`), which keeps the process alive again.
 */
function letProcessEnd(socket: Socket): void {
  socket.unref();
  // Nothing is returned: Node looks after what listeners return, and one that does makes every `emit()` of the process dearer.
  socket.on('connectionAttempt', () => {
    socket.unref();
  });
}

async function joined(tunnel: Promise<Socket>): Promise<Socket> {
  try {
    const socket = await tunnel;
    // Given up, or closed by the proxy, between its answer and now: TLS on it would wait for ever.
    if (socket.destroyed) throw new TunnelError('connect', 'the proxy closed the connection at once');
    return socket;
  } catch (error) {
    if (!TunnelError.is(error)) throw error;
    throw new AcquireFailure(error.message, { kind: error.kind, phase: 'connect', cause: error });
  }
}

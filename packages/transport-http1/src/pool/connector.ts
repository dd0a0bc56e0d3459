import net from 'node:net';
import tls from 'node:tls';
import {
  type CachedLookup,
  createCachedLookup,
  openTunnel,
  type ProxyChoice,
  type ProxyServer,
  proxyFor,
  proxyTarget,
  TunnelError,
} from '@ferry/core';
import type { Http1TransportOptions } from '../options.ts';
import { SessionCache } from './session-cache.ts';

/** Which part of opening a connection failed; these are `TransportErrorKind`s. `protocol` is a proxy's that speaks no HTTP. */
export type ConnectFailureKind = 'dns' | 'connect' | 'tls' | 'protocol';

/** A connection could not be opened: no byte of any request left. */
export class ConnectFailure extends Error {
  override readonly name: string = 'ConnectFailure';
  readonly kind: ConnectFailureKind;

  constructor(kind: ConnectFailureKind, cause: unknown) {
    super(`connection not opened (${kind})`, { cause });
    this.kind = kind;
  }
}

/** A socket on its way. */
export interface PendingSocket {
  /** Resolves once TCP, the proxy's tunnel if any, and TLS are done; rejects with `ConnectFailure`, also after `cancel()`. */
  readonly ready: Promise<net.Socket>;
  /** Destroys the socket now. */
  cancel(): void;
  /** The attempt does not keep the process running from now on. */
  unref(): void;
}

const nothing = (): void => undefined;

/**
 * Opens sockets that are ready for a request: DNS, TCP, the tunnel if a proxy leads there, and for `https:` TLS with ALPN
 * `http/1.1`.
 */
export class Connector {
  readonly #probe: { readonly afterMs: number; readonly everyMs: number } | undefined;
  readonly #lookup: { readonly lookup: net.LookupFunction };
  /** Absent when the caller resolves names. */
  readonly #names: CachedLookup | undefined;
  readonly #proxyFor: ProxyChoice;
  readonly #sessions = new SessionCache();
  #secureContext: tls.SecureContext | undefined;

  /** @throws the OpenSSL error when the TLS options cannot be read; an Error for what is not a proxy's address. */
  constructor(options: Pick<Http1TransportOptions, 'tls' | 'lookup' | 'policy' | 'proxy' | 'clock'>) {
    const { policy, clock } = options;
    const names = createCachedLookup(clock && { clock });
    this.#names = options.lookup ? undefined : names;
    this.#lookup = { lookup: options.lookup ?? names };
    this.#proxyFor = proxyFor(options.proxy);
    if (options.tls) this.#secureContext = tls.createSecureContext(options.tls);
    this.#probe = Number.isFinite(policy.proveAfterIdleMs)
      ? { afterMs: Math.max(1_000, policy.proveAfterIdleMs), everyMs: Math.max(1_000, policy.proveTimeoutMs) }
      : undefined;
  }

  /** @param unref the attempt does not keep the process running. */
  connect(url: URL, { unref }: { readonly unref: boolean }): PendingSocket {
    const proxy = this.#proxyFor(url);
    const opening = proxy ? this.#through(proxy, url) : this.#direct(url);
    // Errors after the outcome is known have been told by then; without a listener they would end the process.
    opening.outermost.on('error', nothing);
    if (unref) opening.outermost.unref();
    const ready = opening.ready.then(
      (socket) => {
        this.#proveWhileIdle(socket);
        return socket;
      },
      (error: unknown) => {
        if (error instanceof ConnectFailure && error.kind === 'tls') this.#sessions.forget(url.host);
        // The addresses may have moved: the next connection asks for them anew.
        this.#names?.forget((proxy ?? proxyTarget(url)).host);
        opening.outermost.destroy();
        throw error;
      },
    );
    return {
      ready,
      cancel: () => opening.outermost.destroy(),
      unref: () => opening.outermost.unref(),
    };
  }

  #direct(url: URL): Opening {
    const secure = url.protocol === 'https:';
    const way = { ...proxyTarget(url), ...this.#lookup, noDelay: true };
    const socket = secure ? this.#startTls(url, way) : net.connect(way);
    return { outermost: socket, ready: untilReady(socket, { secure, connected: false }).then(() => socket) };
  }

  #through(proxy: ProxyServer, url: URL): Opening {
    const tunnel = openTunnel(proxy, proxyTarget(url), { ...this.#lookup });
    return { outermost: tunnel.socket, ready: this.#inside(tunnel.ready, url) };
  }

  async #inside(tunnel: Promise<net.Socket>, url: URL): Promise<net.Socket> {
    const socket = await tunnel.catch((error: unknown) => {
      throw TunnelError.is(error) ? new ConnectFailure(error.kind, error) : error;
    });
    // Given up, or closed by the proxy, between its answer and now: TLS on it would wait for ever.
    if (socket.destroyed) {
      const closed = new TunnelError('connect', 'the proxy closed the connection at once');
      throw new ConnectFailure(closed.kind, closed);
    }
    if (url.protocol !== 'https:') return socket;
    const { host } = proxyTarget(url);
    const secured = this.#startTls(url, { host, socket });
    secured.on('error', nothing);
    await untilReady(secured, { secure: true, connected: true });
    return secured;
  }

  /** @param way a new TCP connection, or a socket that leads there already. */
  #startTls(
    url: URL,
    way: { readonly host: string } & ({ readonly port: number } | { readonly socket: net.Socket }),
  ): tls.TLSSocket {
    // One context for all: parsing a bundle of 145 authorities for each connection took 9.6 ms, sharing it 1.8 ms.
    this.#secureContext ??= tls.createSecureContext();
    const session = this.#sessions.get(url.host);
    const socket = tls.connect({
      ...way,
      secureContext: this.#secureContext,
      // Said, so that no environment variable can turn the check off.
      rejectUnauthorized: true,
      ALPNProtocols: ['http/1.1'],
      // An IP address is no server name (RFC 6066 section 3); Node then checks the certificate against the host.
      ...(net.isIP(way.host) === 0 && { servername: way.host }),
      ...(session && { session }),
    } as tls.ConnectionOptions);
    this.#sessions.learn(url.host, socket);
    return socket;
  }

  /**
   * HTTP/1.1 has no PING, so an idle connection is proven by TCP instead: the kernel probes a silent peer, and a connection
   * that something on the way has dropped without a word is reset and retired before a request meets it. Only whole seconds
   * count; interval and count are known to Node from 26.4 and ignored before (then 10 probes, 1 s apart).
   */
  #proveWhileIdle(socket: net.Socket): void {
    if (this.#probe) socket.setKeepAlive(true, this.#probe.afterMs, this.#probe.everyMs, 3);
  }
}

/** A connection on its way: destroying `outermost`, which is the way to the network, ends it in whatever state it is. */
interface Opening {
  readonly outermost: net.Socket;
  readonly ready: Promise<net.Socket>;
}

/** Resolves when the socket can carry a request; rejects with a `ConnectFailure` that names the step that failed. */
function untilReady(
  socket: net.Socket,
  { secure, connected }: { readonly secure: boolean; readonly connected: boolean },
): Promise<void> {
  return new Promise((resolve, reject) => {
    let tcpReady = connected;
    const settle = (): void => {
      socket
        .off('connect', onConnect)
        .off('secureConnect', onReady)
        .off('error', onError)
        .off('close', onClose);
    };
    const onReady = (): void => {
      settle();
      resolve();
    };
    const onConnect = (): void => {
      tcpReady = true;
      if (!secure) onReady();
    };
    const onError = (error: Error & { syscall?: string }): void => {
      settle();
      const kind = tcpReady ? 'tls' : error.syscall === 'getaddrinfo' ? 'dns' : 'connect';
      reject(new ConnectFailure(kind, error));
    };
    const onClose = (): void => onError(new Error('the socket closed before it was ready'));
    socket.on('connect', onConnect).on('secureConnect', onReady).on('error', onError).on('close', onClose);
  });
}

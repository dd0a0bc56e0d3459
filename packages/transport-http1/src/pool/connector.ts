import net from 'node:net';
import tls from 'node:tls';
import type { Http1TransportOptions } from '../options.ts';
import { SessionCache } from './session-cache.ts';

/** Which part of opening a connection failed; these are `TransportErrorKind`s. */
export type ConnectFailureKind = 'dns' | 'connect' | 'tls';

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
  /** Resolves once TCP and TLS are done; rejects with `ConnectFailure`, also after `cancel()`. */
  readonly ready: Promise<net.Socket>;
  /** Destroys the socket now. */
  cancel(): void;
}

const nothing = (): void => undefined;

/** Opens sockets that are ready for a request: DNS, TCP, and for `https:` TLS with ALPN `http/1.1`. */
export class Connector {
  readonly #probe: { readonly afterMs: number; readonly everyMs: number } | undefined;
  readonly #lookup: { readonly lookup: net.LookupFunction } | undefined;
  readonly #sessions = new SessionCache();
  #secureContext: tls.SecureContext | undefined;

  /** @throws the OpenSSL error when the TLS options cannot be read. */
  constructor({ tls: options, lookup, policy }: Pick<Http1TransportOptions, 'tls' | 'lookup' | 'policy'>) {
    if (options) this.#secureContext = tls.createSecureContext(options);
    this.#lookup = lookup && { lookup };
    this.#probe = Number.isFinite(policy.proveAfterIdleMs)
      ? { afterMs: Math.max(1_000, policy.proveAfterIdleMs), everyMs: Math.max(1_000, policy.proveTimeoutMs) }
      : undefined;
  }

  /** @param unref the attempt does not keep the process running. */
  connect(url: URL, { unref }: { readonly unref: boolean }): PendingSocket {
    const secure = url.protocol === 'https:';
    const socket = secure
      ? this.#connectTls(url)
      : net.connect({ ...address(url), ...this.#lookup, noDelay: true });
    // Errors after the outcome is known have been told by then; without a listener they would end the process.
    socket.on('error', nothing);
    if (unref) socket.unref();
    const ready = untilReady(socket, secure).then(
      () => {
        this.#proveWhileIdle(socket);
        return socket;
      },
      (error: unknown) => {
        if (error instanceof ConnectFailure && error.kind === 'tls') this.#sessions.forget(url.host);
        socket.destroy();
        throw error;
      },
    );
    return { ready, cancel: () => socket.destroy() };
  }

  #connectTls(url: URL): tls.TLSSocket {
    // One context for all: parsing a bundle of 145 authorities for each connection took 9.6 ms, sharing it 1.8 ms.
    this.#secureContext ??= tls.createSecureContext();
    const { host, port } = address(url);
    const session = this.#sessions.get(url.host);
    const socket = tls.connect({
      host,
      port,
      ...this.#lookup,
      noDelay: true,
      secureContext: this.#secureContext,
      // Said, so that no environment variable can turn the check off.
      rejectUnauthorized: true,
      ALPNProtocols: ['http/1.1'],
      // An IP address is no server name (RFC 6066 section 3); Node then checks the certificate against the host.
      ...(net.isIP(host) === 0 && { servername: host }),
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

function address(url: URL): { readonly host: string; readonly port: number } {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const standard = url.protocol === 'https:' ? 443 : 80;
  return { host, port: url.port === '' ? standard : Number(url.port) };
}

/** Resolves when the socket can carry a request; rejects with a `ConnectFailure` that names the step that failed. */
function untilReady(socket: net.Socket, secure: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let tcpReady = false;
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

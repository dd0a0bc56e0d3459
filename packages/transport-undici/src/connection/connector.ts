import type { LookupFunction } from 'node:net';
import tls from 'node:tls';
import type { Clock } from '@ferry/core';
import { AcquireFailure } from '../pool/acquire-failure.ts';

/** Trust and identity. Everything else about TLS is Node's default, and verification cannot be switched off. */
export interface TlsOptions {
  /** PEM certificates trusted instead of Node's roots. */
  readonly ca?: string | readonly string[];
  /** PEM client certificate and its key. */
  readonly cert?: string;
  readonly key?: string;
}

export interface Connector {
  /**
   * Opens a TLS connection that speaks HTTP/2. Destroy the socket to give up; that rejects too.
   * @returns the connecting socket at once, for giving up, and its completion.
   */
  connect(origin: URL): { readonly socket: tls.TLSSocket; readonly secured: Promise<Secured> };
}

interface Secured {
  readonly socket: tls.TLSSocket;
  /** The TCP handshake in milliseconds: one round trip. */
  readonly rttMs: number;
}

/** Origins whose last TLS session is remembered. */
const MAX_SESSIONS = 256;

/**
 * Our own connector, since undici's offers http/1.1 before h2 and holds TLS sessions by WeakRef (after a garbage
 * collection 1 of 30 connections resumed; with these strong references 29 of 30). The SecureContext is shared: parsing a
 * bundle of 145 roots for each connection costs 7 ms.
 */
export function createConnector(options: {
  readonly tls?: TlsOptions | undefined;
  readonly lookup?: LookupFunction | undefined;
  readonly clock: Clock;
}): Connector {
  const { ca, cert, key } = options.tls ?? {};
  const secureContext = tls.createSecureContext({
    ...(ca === undefined ? {} : { ca: typeof ca === 'string' ? ca : [...ca] }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  });
  const sessions = new Map<string, Buffer>();

  return {
    connect(origin) {
      // A URL writes an IPv6 address in brackets; sockets want it bare, and SNI wants no address (RFC 6066 section 3).
      const host = origin.hostname.replace(/^\[(.*)\]$/, '$1');
      const session = sessions.get(origin.origin);
      // Happy eyeballs (RFC 8305) are Node's default, with 250 ms an address.
      const socket = tls.connect({
        host,
        port: origin.port === '' ? 443 : Number(origin.port),
        secureContext,
        ALPNProtocols: ['h2'],
        session,
        lookup: options.lookup,
      });
      socket.setNoDelay(true);
      socket.on('session', (fresh: Buffer) => {
        sessions.delete(origin.origin);
        sessions.set(origin.origin, fresh);
        const oldest = sessions.keys().next();
        if (sessions.size > MAX_SESSIONS && oldest.done !== true) sessions.delete(oldest.value);
      });
      return { socket, secured: secured(socket, options.clock) };
    },
  };
}

function secured(socket: tls.TLSSocket, clock: Clock): Promise<Secured> {
  return new Promise((resolve, reject) => {
    let resolvedAt = clock.now();
    let connectedAt: number | undefined;
    const onLookup = () => {
      resolvedAt = clock.now();
    };
    const onConnect = () => {
      connectedAt = clock.now();
    };
    const leave = () => {
      socket.off('lookup', onLookup).off('connect', onConnect).off('secureConnect', onSecure);
      socket.off('error', onError).off('close', onClose);
    };
    const fail = (error: AcquireFailure) => {
      leave();
      // A second error of a dying socket has nobody to go to.
      socket.on('error', () => undefined);
      socket.destroy();
      reject(error);
    };
    const onError = (error: Error) => fail(connectFailure(error, connectedAt !== undefined));
    const onClose = () => fail(failure('connect', 'the connection was given up while it was opened'));
    const onSecure = () => {
      if (socket.alpnProtocol !== 'h2') {
        return fail(failure('http1-required', 'the server does not offer HTTP/2 (ALPN)'));
      }
      leave();
      resolve({ socket, rttMs: (connectedAt ?? resolvedAt) - resolvedAt });
    };
    socket.on('lookup', onLookup).on('connect', onConnect).on('secureConnect', onSecure);
    socket.on('error', onError).on('close', onClose);
  });
}

/** Tells DNS, connect and TLS failures apart: each means something else to whoever must mend it. */
function connectFailure(error: Error, tcpConnected: boolean): AcquireFailure {
  const code = codeOf(error);
  if (tcpConnected) {
    // RFC 7301 section 3.2: the fatal alert of a server that speaks none of the protocols offered.
    return code === 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL'
      ? failure('http1-required', 'the server refused HTTP/2 (ALPN)', error)
      : failure('tls', `TLS handshake failed${code === undefined ? '' : ` (${code})`}`, error);
  }
  const syscall = 'syscall' in error ? error.syscall : undefined;
  if (syscall === 'getaddrinfo' || code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'ENODATA') {
    return failure('dns', `the host name could not be resolved (${code ?? 'no code'})`, error);
  }
  return failure('connect', `the connection could not be opened (${code ?? 'no code'})`, error);
}

function failure(
  kind: 'dns' | 'connect' | 'tls' | 'http1-required',
  message: string,
  cause?: unknown,
): AcquireFailure {
  return new AcquireFailure(message, { kind, phase: 'connect', cause });
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { AcquireFailure } from '../pool/acquire-failure.ts';
import type { Clock } from '../time/clock.ts';
import type { TransportErrorKind } from '../transport/transport-error.ts';

/** What a connection speaks, by its name in ALPN (RFC 7301 section 6). */
export type AlpnProtocol = 'h2' | 'http/1.1';

/** A connection that can carry a request. */
export interface Connected<S extends Socket = Socket> {
  readonly socket: S;
  /** One round trip in milliseconds. */
  readonly rttMs: number;
  /**
   * Whether `rttMs` was measured to whoever ends TLS, and so HTTP/2: the handshake of TLS 1.3 takes one round trip (RFC 8446
   * section 2). The TCP handshake and the answer to CONNECT end at load balancers and proxies.
   */
  readonly endToEnd: boolean;
}

export interface HandshakeOptions {
  readonly clock: Clock;
  /** HTTP/2 needs a server that agrees to it (RFC 9113 section 3.3); HTTP/1.1 is spoken by whoever agrees to nothing. */
  readonly alpn: AlpnProtocol;
  /** The socket beneath is connected already. */
  readonly tunnelled?: boolean;
}

/** Waits until a socket that is being opened can carry a request: for TCP, and for TLS if that is what it is. */
export function handshake<S extends Socket>(socket: S, options: HandshakeOptions): Promise<Connected<S>> {
  const { clock, alpn, tunnelled = false } = options;
  const tls = socket instanceof TLSSocket ? socket : undefined;
  return new Promise((resolve, reject) => {
    let attemptedAt = clock.now();
    let connectedAt = tunnelled ? attemptedAt : undefined;
    const leave = () => {
      socket.off('connectionAttempt', onAttempt).off('connect', onConnect).off('secureConnect', onSecure);
      socket.off('error', onError).off('close', onClose);
    };
    const fail = (failure: AcquireFailure) => {
      leave();
      socket.destroy();
      reject(failure);
    };
    const ready = (rttMs: number, endToEnd: boolean) => {
      leave();
      resolve({ socket, rttMs, endToEnd });
    };
    // Once for each address that is tried, so that addresses which do not answer are no part of the round trip.
    const onAttempt = () => {
      attemptedAt = clock.now();
    };
    const onConnect = () => {
      connectedAt = clock.now();
      if (tls === undefined) ready(connectedAt - attemptedAt, false);
    };
    const onSecure = () => {
      if (alpn === 'h2' && tls?.alpnProtocol !== 'h2') {
        return fail(failed('http1-required', 'the server does not offer HTTP/2 (ALPN)'));
      }
      const tcpAt = connectedAt ?? attemptedAt;
      const endToEnd = tls?.getProtocol() === 'TLSv1.3';
      ready(endToEnd ? clock.now() - tcpAt : tcpAt - attemptedAt, endToEnd);
    };
    const onError = (error: Error) => fail(failureOf(error, alpn, connectedAt !== undefined));
    const onClose = () => fail(failed('connect', 'the connection was given up while it was opened'));
    // For good: a second error of a dying socket has nobody to go to, and would end the process.
    socket.on('error', () => undefined);
    socket.on('connectionAttempt', onAttempt).on('connect', onConnect).on('secureConnect', onSecure);
    socket.on('error', onError).on('close', onClose);
  });
}

/** Tells DNS, connect and TLS failures apart: each means something else to whoever must mend it. */
function failureOf(error: Error, alpn: AlpnProtocol, tcpConnected: boolean): AcquireFailure {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (tcpConnected) {
    // RFC 7301 section 3.2: the fatal alert of a server that speaks none of the protocols offered.
    return alpn === 'h2' && code === 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL'
      ? failed('http1-required', 'the server refused HTTP/2 (ALPN)', error)
      : failed('tls', `TLS handshake failed${code === undefined ? '' : ` (${code})`}`, error);
  }
  const syscall = 'syscall' in error ? error.syscall : undefined;
  if (syscall === 'getaddrinfo' || code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'ENODATA') {
    return failed('dns', `the host name could not be resolved (${code ?? 'no code'})`, error);
  }
  return failed('connect', `the connection could not be opened (${code ?? 'no code'})`, error);
}

function failed(kind: TransportErrorKind, message: string, cause?: unknown): AcquireFailure {
  return new AcquireFailure(message, { kind, phase: 'connect', cause });
}

import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '@ferry/core';
import { AcquireFailure } from '../pool/acquire-failure.ts';

/** A connection on its way. */
export interface Opening {
  /**
   * The socket that reaches the network, to the server or to its proxy. Destroying it gives up, which rejects, and it closes
   * when the connection does, in whatever state that is.
   */
  readonly socket: Socket;
  readonly secured: Promise<Secured>;
}

export interface Secured {
  readonly socket: TLSSocket;
  /** One round trip in milliseconds. */
  readonly rttMs: number;
  /**
   * Whether `rttMs` was measured to whoever ends TLS, and so HTTP/2: the handshake of TLS 1.3 takes one round trip (RFC 8446
   * section 2). The TCP handshake and the answer to CONNECT end at load balancers and proxies.
   */
  readonly endToEnd: boolean;
}

/**
 * Waits for the handshake.
 * @param tunnelled the socket beneath is connected already.
 */
export function secured(
  socket: TLSSocket,
  clock: Clock,
  { tunnelled }: { readonly tunnelled: boolean } = { tunnelled: false },
): Promise<Secured> {
  return new Promise((resolve, reject) => {
    let attemptedAt = clock.now();
    let connectedAt = tunnelled ? attemptedAt : undefined;
    // Once for each address that is tried, so that addresses which do not answer are no part of the round trip.
    const onAttempt = () => {
      attemptedAt = clock.now();
    };
    const onConnect = () => {
      connectedAt = clock.now();
    };
    const leave = () => {
      socket.off('connectionAttempt', onAttempt).off('connect', onConnect).off('secureConnect', onSecure);
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
      const tcpAt = connectedAt ?? attemptedAt;
      const endToEnd = socket.getProtocol() === 'TLSv1.3';
      resolve({ socket, rttMs: endToEnd ? clock.now() - tcpAt : tcpAt - attemptedAt, endToEnd });
    };
    socket.on('connectionAttempt', onAttempt).on('connect', onConnect).on('secureConnect', onSecure);
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

import type { LookupFunction, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import {
  type Clock,
  openTunnel,
  type ProxyServer,
  type ProxyTarget,
  type Tunnel,
  TunnelError,
} from '@ferry/core';
import { AcquireFailure } from '../pool/acquire-failure.ts';
import { type Opening, type Secured, secured } from './opening.ts';

/** Opens a tunnel to the target and TLS with the target inside it. */
export function openThroughProxy(
  proxy: ProxyServer,
  target: ProxyTarget,
  parts: {
    readonly clock: Clock;
    readonly lookup: LookupFunction | undefined;
    readonly startTls: (socket: Socket) => TLSSocket;
  },
): Opening {
  const { clock, lookup, startTls } = parts;
  const tunnel = openTunnel(proxy, target, { lookup });
  let askedAt = clock.now();
  tunnel.socket.once(proxy.secure ? 'secureConnect' : 'connect', () => {
    askedAt = clock.now();
  });
  const inside = async (): Promise<Secured> => {
    const socket = await joined(tunnel);
    // The proxy connects before it answers: what CONNECT takes is the way to the target and back, not only to the proxy.
    const rttMs = clock.now() - askedAt;
    const inner = await secured(startTls(socket), clock, { tunnelled: true });
    return { ...inner, ...(!inner.endToEnd && { rttMs }) };
  };
  return { socket: tunnel.socket, secured: inside() };
}

async function joined(tunnel: Tunnel): Promise<Socket> {
  try {
    const socket = await tunnel.ready;
    // Given up, or closed by the proxy, between its answer and now: TLS on it would wait for ever.
    if (socket.destroyed) throw new TunnelError('connect', 'the proxy closed the connection at once');
    return socket;
  } catch (error) {
    if (!TunnelError.is(error)) throw error;
    throw new AcquireFailure(error.message, { kind: error.kind, phase: 'connect', cause: error });
  }
}

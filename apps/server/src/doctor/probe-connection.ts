/** Opens connections to an upstream and looks at them. Nothing is uploaded and nothing is paid for. */
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import http2 from 'node:http2';
import net, { type Socket } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import { openTunnel, type ProxyServer, proxyTarget } from '@ferry/core';
import type { H2Facts } from './finding.ts';

/** How long each step may take. Milliseconds. */
const STEP_MS = 10_000;
const PINGS = 5;

export interface Target {
  readonly url: URL;
  readonly proxy: ProxyServer | undefined;
  /** PEM of the authorities to trust instead of Node's own. */
  readonly ca: string | undefined;
}

export interface Opened<S extends Socket> {
  readonly socket: S;
  readonly ms: number;
}

/** @throws the error of the resolver. */
export async function resolveName(
  host: string,
): Promise<{ readonly addresses: string[]; readonly ms: number }> {
  const startedAt = performance.now();
  const found = await lookup(host, { all: true });
  return { addresses: found.map(({ address }) => address), ms: performance.now() - startedAt };
}

/** A TCP connection, or a tunnel through the proxy. The caller destroys it. */
export async function openTcp({ url, proxy }: Target): Promise<Opened<Socket>> {
  const startedAt = performance.now();
  const target = proxyTarget(url);
  if (proxy !== undefined) {
    const tunnel = openTunnel(proxy, target);
    return { socket: await within(tunnel.socket, tunnel.ready), ms: performance.now() - startedAt };
  }
  const socket = net.connect({ host: target.host, port: target.port });
  await within(socket, once(socket, 'connect'));
  return { socket, ms: performance.now() - startedAt };
}

/** Whether there is a way to the upstream, or through its proxy. Never rejects. */
export async function takesConnection(target: Target): Promise<boolean> {
  try {
    const { socket } = await openTcp(target);
    socket.destroy();
    return true;
  } catch {
    return false;
  }
}

/** TLS on top, with both protocols offered. The caller destroys it. */
export async function openTls({ url, ca }: Target, socket: Socket): Promise<Opened<TLSSocket>> {
  const startedAt = performance.now();
  const { host } = proxyTarget(url);
  const secure = tls.connect({
    socket,
    host,
    ...(net.isIP(host) === 0 && { servername: host }),
    ...(ca !== undefined && { ca }),
    ALPNProtocols: ['h2', 'http/1.1'],
  });
  await within(secure, once(secure, 'secureConnect'));
  return { socket: secure, ms: performance.now() - startedAt };
}

/** What the upstream says of its HTTP/2, and how far away it is. */
export async function lookAtH2(url: URL, socket: TLSSocket): Promise<H2Facts> {
  const session = http2.connect(url.origin, { createConnection: () => socket });
  try {
    const [settings] = (await within(socket, once(session, 'remoteSettings'))) as [http2.Settings];
    const pings: number[] = [];
    for (let left = PINGS; left > 0; left -= 1) pings.push(await within(socket, ping(session)));
    return {
      streamWindow: settings.initialWindowSize ?? 65_535,
      // WINDOW_UPDATE has no event; by the answer to a PING it has come.
      connectionWindow: session.state.remoteWindowSize ?? 65_535,
      maxStreams: knownLimit(settings.maxConcurrentStreams),
      roundTripMs: Math.min(...pings),
    };
  } finally {
    session.destroy();
  }
}

/** Node says 2^32 - 1 where the peer says nothing. */
const knownLimit = (streams: number | undefined): number | undefined =>
  streams === undefined || streams >= 0xff_ff_ff_ff ? undefined : streams;

function ping(session: http2.ClientHttp2Session): Promise<number> {
  return new Promise((resolve, reject) => {
    session.ping((error, durationMs) => (error === null ? resolve(durationMs) : reject(error)));
  });
}

/** The promise, or the error of the socket, or a timeout that destroys it. */
async function within<T>(socket: Socket, promise: Promise<T>): Promise<T> {
  const late = setTimeout(() => socket.destroy(new Error(`no answer within ${STEP_MS / 1_000} s`)), STEP_MS);
  const ended = Promise.withResolvers<never>();
  const onClose = (): void => ended.reject(new Error('the connection was closed'));
  const onError = (error: Error): void => ended.reject(error);
  socket.once('close', onClose);
  socket.once('error', onError);
  try {
    return await Promise.race([promise, ended.promise]);
  } catch (error) {
    // Whatever it says after this is of no interest to anybody.
    socket.on('error', () => undefined);
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(late);
    socket.removeListener('close', onClose);
    socket.removeListener('error', onError);
  }
}

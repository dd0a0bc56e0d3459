import { isIP, type LookupFunction, type Socket } from 'node:net';
import tls from 'node:tls';
import { type Clock, createCachedLookup, type ProxyChoice, type ProxyServer, proxyTarget } from '@ferry/core';
import { type Opening, secured } from './opening.ts';
import { openThroughProxy } from './proxied-opening.ts';

/** Trust and identity. Everything else about TLS is Node's default, and verification cannot be switched off. */
export interface TlsOptions {
  /** PEM certificates trusted instead of Node's roots. */
  readonly ca?: string | readonly string[];
  /** PEM client certificate and its key. */
  readonly cert?: string;
  readonly key?: string;
}

export interface Connector {
  /** Opens a TLS connection that speaks HTTP/2, through a proxy if one leads there. */
  connect(origin: URL): Opening;
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
  /** Which proxy leads to an origin. */
  readonly proxyFor: ProxyChoice;
}): Connector {
  const { clock } = options;
  const cache = options.lookup === undefined ? createCachedLookup({ clock }) : undefined;
  const lookup = options.lookup ?? cache;
  const { ca, cert, key } = options.tls ?? {};
  const secureContext = tls.createSecureContext({
    ...(ca === undefined ? {} : { ca: typeof ca === 'string' ? ca : [...ca] }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  });
  const sessions = new Map<string, Buffer>();

  const startTls = (origin: URL, way: TlsWay): tls.TLSSocket => {
    const { host } = proxyTarget(origin);
    const socket = tls.connect({
      ...way,
      secureContext,
      // Said, so that no environment variable can turn the check off.
      rejectUnauthorized: true,
      ALPNProtocols: ['h2'],
      // An IP address is no server name (RFC 6066 section 3); the certificate is then checked against `host`.
      host,
      ...(isIP(host) === 0 && { servername: host }),
      session: sessions.get(origin.origin),
    });
    socket.on('session', (fresh: Buffer) => {
      sessions.delete(origin.origin);
      sessions.set(origin.origin, fresh);
      const oldest = sessions.keys().next();
      if (sessions.size > MAX_SESSIONS && oldest.done !== true) sessions.delete(oldest.value);
    });
    return socket;
  };

  const begin = (origin: URL, proxy: ProxyServer | undefined): Opening => {
    if (proxy !== undefined) {
      return openThroughProxy(proxy, proxyTarget(origin), {
        clock,
        lookup,
        startTls: (socket) => startTls(origin, { socket }),
      });
    }
    // Happy eyeballs (RFC 8305) are Node's default, with 250 ms an address.
    const socket = startTls(origin, { port: proxyTarget(origin).port, lookup });
    socket.setNoDelay(true);
    return { socket, secured: secured(socket, clock) };
  };

  return {
    connect(origin) {
      const proxy = options.proxyFor(origin);
      const opening = begin(origin, proxy);
      // The addresses may have moved: the next connection asks for them anew.
      opening.secured.catch(() => cache?.forget((proxy ?? proxyTarget(origin)).host));
      return opening;
    },
  };
}

/** Over a new TCP connection, or over a socket that leads there already. */
type TlsWay =
  | { readonly port: number; readonly lookup: LookupFunction | undefined }
  | { readonly socket: Socket };

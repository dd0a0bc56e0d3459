/** One GET to an address that was checked: the single place where a stranger's URL opens a socket. */
import { lookup as dnsLookup } from 'node:dns/promises';
import { type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { UrlFetchError, UrlNotAllowedError } from './url-error.ts';

interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** All addresses of a host name. Rejects when there are none. */
export type ResolveHost = (hostname: string) => Promise<readonly ResolvedAddress[]>;

export const resolveHost: ResolveHost = (hostname) => dnsLookup(hostname, { all: true, order: 'verbatim' });

export interface AddressGuard {
  readonly resolve: ResolveHost;
  /** Whether an address, as text without brackets, may be connected to. */
  isAllowed(address: string): boolean;
}

/**
 * What can be told from the URL alone.
 * @throws UrlNotAllowedError.
 */
function checkUrl(url: URL, guard: AddressGuard): void {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new UrlNotAllowedError(`the scheme ${url.protocol} is not allowed: only http: and https: are`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new UrlNotAllowedError('a URL with a user name or password is not allowed');
  }
  if (url.port === '0') throw new UrlNotAllowedError('port 0 is not allowed');
  // URL has already turned 2130706433, 0x7f.1 and 127.1 into 127.0.0.1. Node looks no literal up, so it is checked here.
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !guard.isAllowed(host)) throw notPublic(url);
}

const notPublic = (url: URL): UrlNotAllowedError =>
  new UrlNotAllowedError(`${url.host} is not an address of the public internet`);

/**
 * The lookup that the socket itself uses: the addresses that were checked are the ones connected to, so a name that
 * answers differently the second time (DNS rebinding) gains nothing. Addresses that are not allowed are left out
 * rather than failing the name, since a NAT64 network adds such addresses to public names.
 */
function guardedLookup(url: URL, guard: AddressGuard): LookupFunction {
  return (hostname, options, callback) => {
    guard.resolve(hostname).then(
      (addresses) => {
        const allowed = addresses.filter((one) => guard.isAllowed(one.address)).map((one) => ({ ...one }));
        const first = allowed[0];
        if (first === undefined) callback(notPublic(url), '');
        else if (options.all === true) callback(null, allowed);
        else callback(null, first.address, first.family);
      },
      (cause: unknown) =>
        callback(new UrlFetchError(`${url.hostname} has no address`, { reason: 'dns', cause }), ''),
    );
  };
}

/**
 * Sends one GET without following redirects; resolves with the response's headers, its body unread. Every call has a
 * connection of its own and goes through no proxy. `onConnected` is called once the connection (and TLS) is ready.
 * @throws UrlNotAllowedError, UrlFetchError, or the signal's reason.
 */
export function guardedGet(
  url: URL,
  guard: AddressGuard,
  signal: AbortSignal,
  onConnected: () => void,
): Promise<IncomingMessage> {
  checkUrl(url, guard);
  const secure = url.protocol === 'https:';
  const options: RequestOptions = {
    // Without an agent of its own, a request could be answered over a connection that was not checked here.
    agent: false,
    lookup: guardedLookup(url, guard),
    headers: { accept: 'image/*,*/*;q=0.5', 'accept-encoding': 'identity', 'user-agent': 'ferry' },
    signal,
  };
  return new Promise((resolve, reject) => {
    let connected = false;
    const request = secure ? requestHttps(url, options) : requestHttp(url, options);
    request.once('socket', (socket) => {
      socket.once(secure ? 'secureConnect' : 'connect', () => {
        connected = true;
        onConnected();
      });
    });
    request.once('response', resolve);
    // Stays after the response: an abort during the body reports here too.
    request.on('error', (cause) => {
      if (signal.aborted) return reject(signal.reason);
      if (cause instanceof UrlNotAllowedError || cause instanceof UrlFetchError) return reject(cause);
      const reason = connected ? 'network' : 'connect';
      const what = connected ? 'the connection failed' : 'no connection could be made';
      reject(new UrlFetchError(`${url.host}: ${what}`, { reason, cause }));
    });
    request.end();
  });
}

/** Which requests go through a proxy, and which one. Pure decisions, made by the rules of Go's `golang.org/x/net/http/httpproxy`. */
import { BlockList, isIP } from 'node:net';
import { type ProxyTarget, readNoProxy } from './no-proxy.ts';
import { proxyFromEnvironment } from './proxy-from-environment.ts';
import type { ProxyOptions } from './proxy-options.ts';
import { ProxyServer } from './proxy-server.ts';

/** Which proxy leads to a URL; undefined for none. */
export type ProxyChoice = (url: URL) => ProxyServer | undefined;

const DIRECT: ProxyChoice = () => undefined;

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * Reads the options once. `environment` stands for the process's variables at this moment; absent, there is no proxy.
 * @throws Error that names the option or variable which is not a proxy's address, without its value; the OpenSSL error for an
 * unreadable `ca`.
 */
export function proxyFor(options: ProxyOptions | 'environment' | undefined): ProxyChoice {
  if (options === undefined) return DIRECT;
  if (options === 'environment') return proxyFor(proxyFromEnvironment(process.env));
  const https = parse(options.httpsProxy, 'httpsProxy', options.ca);
  const http = parse(options.httpProxy, 'httpProxy', options.ca);
  if (https === undefined && http === undefined) return DIRECT;
  const excepted = readNoProxy(options.noProxy ?? '');
  const loopbackDirect = options.loopback !== 'proxied';
  return (url) => {
    const proxy = url.protocol === 'https:' ? https : url.protocol === 'http:' ? http : undefined;
    if (proxy === undefined) return undefined;
    const { host, port } = proxyTarget(url);
    const target = { host: host.replace(/\.$/, ''), port };
    const direct = (loopbackDirect && isLoopback(target)) || excepted(target);
    return direct ? undefined : proxy;
  };
}

/** Host and port that a URL leads to. */
export function proxyTarget(url: URL): ProxyTarget {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { host, port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port) };
}

/** RFC 6761 section 6.3: names below `localhost` are loopback too. */
function isLoopback({ host }: ProxyTarget): boolean {
  const version = isIP(host);
  if (version === 0) return host === 'localhost' || host.endsWith('.localhost');
  return LOOPBACK.check(host, version === 6 ? 'ipv6' : 'ipv4');
}

function parse(address: string | undefined, name: string, ca: string | undefined): ProxyServer | undefined {
  return address === undefined || address === '' ? undefined : ProxyServer.parse(address, name, ca);
}

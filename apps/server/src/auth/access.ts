/** Who may ask for what: one table for every route, so that a route nobody thought of is closed, not open. */
import type { Identity } from './identity.ts';
import { isLoopbackHost } from './loopback.ts';

/** What a caller needs. A closed set. */
export type Access =
  /** Pages and unguessable links: nothing but an honest Host. */
  | 'public'
  /** Metrics, health and documentation: nothing for whoever is on this machine, where nobody else can ask; else the admin key. */
  | 'operations'
  /** An API key or the admin key, where one is configured. */
  | 'api'
  /** The admin key or its session, where one is configured. */
  | 'admin';

export function accessOf(path: string): Access {
  if (path === '/' || path === '/admin' || path.startsWith('/admin/') || path.startsWith('/images/'))
    return 'public';
  if (
    path === '/metrics' ||
    path.startsWith('/health/') ||
    path === '/docs' ||
    path === '/docs-json' ||
    path.startsWith('/docs/')
  ) {
    return 'operations';
  }
  return path.startsWith('/v1/') ? 'api' : 'admin';
}

export interface Caller {
  readonly method: string;
  readonly path: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** Whether a proxy says that it passed it on: who sent it need not be on this machine. */
  readonly forwarded: boolean;
  /** Whether its browser says that another site's page sent it, not a person who opens an address. */
  readonly foreign: boolean;
  /** Who its key or cookie says it is; anonymous without one. */
  readonly identity: Identity;
}

export interface Door {
  /** Whether the server listens on a loopback address only. */
  readonly loopback: boolean;
  /** Whether an admin key is configured. */
  readonly keyed: boolean;
}

export type Decision =
  | 'allowed'
  | 'key-required'
  | 'admin-required'
  | 'host-not-allowed'
  | 'origin-not-allowed';

/**
 * Without an admin key, being on this machine is what lets a caller in; so the browser must not be usable by other sites: the
 * Host must be a loopback name (a rebound DNS name is not) and the Origin, if any, must be our own; and no proxy may bring
 * others here. With one, a browser brings its cookie along by itself, so that what changes something must come from our own pages.
 */
export function decide(caller: Caller, door: Door): Decision {
  const { identity, host, origin } = caller;
  const access = accessOf(caller.path);
  const foreign = caller.foreign && access !== 'public';
  if (!door.keyed) {
    if (!isHere(caller)) return 'host-not-allowed';
    return !foreign && (origin === undefined || sameOrigin(origin, host)) ? 'allowed' : 'origin-not-allowed';
  }
  if (access === 'public' || (access === 'operations' && door.loopback && isHere(caller) && !foreign)) {
    return 'allowed';
  }
  switch (identity.kind) {
    case 'anonymous':
    case 'loopback':
      return 'key-required';
    case 'api-key':
      return access === 'api' ? 'allowed' : 'admin-required';
    case 'admin':
      return identity.via === 'key' || (isSafe(caller.method) ? !foreign : ownPage(origin, host))
        ? 'allowed'
        : 'origin-not-allowed';
    default:
      return identity satisfies never;
  }
}

/** Whether nothing speaks against it that the caller is on this machine. */
function isHere({ host, forwarded }: Caller): boolean {
  return !forwarded && host !== undefined && isLoopbackHost(hostName(host));
}

/** RFC 9110 section 9.2.1. */
const isSafe = (method: string): boolean => method === 'GET' || method === 'HEAD';

/**
 * Browsers send Origin with everything that is not safe; whoever leaves it out is none. TLS, if any, ends in a proxy before
 * us: the scheme is not ours to know.
 */
function ownPage(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined || host === undefined) return false;
  return sameOrigin(origin, host) || origin.toLowerCase() === `https://${host.toLowerCase()}`;
}

/** The name in a Host header: without the port. */
function hostName(host: string): string {
  return host.replace(/:\d*$/, '');
}

function sameOrigin(origin: string, host: string | undefined): boolean {
  return host !== undefined && origin.toLowerCase() === `http://${host.toLowerCase()}`;
}

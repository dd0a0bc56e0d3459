/** Who may ask for what: one table for every route, so that a route nobody thought of is closed, not open. */
import { isLoopbackHost } from './loopback.ts';

/** What a caller needs. A closed set. */
export type Access =
  /** Pages and unguessable links: nothing but an honest Host. */
  | 'public'
  /** Health and documentation: nothing on a loopback address, else the admin key. */
  | 'operations'
  /** The admin key, where one is configured. */
  | 'admin';

export function accessOf(path: string): Access {
  if (path === '/' || path === '/admin' || path.startsWith('/admin/') || path.startsWith('/images/'))
    return 'public';
  if (path.startsWith('/health/') || path === '/docs' || path === '/docs-json' || path.startsWith('/docs/')) {
    return 'operations';
  }
  return 'admin';
}

export interface Caller {
  readonly path: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** Whether the request carries the admin key. */
  readonly hasAdminKey: boolean;
}

export interface Door {
  /** Whether the server listens on a loopback address only. */
  readonly loopback: boolean;
  /** Whether an admin key is configured. */
  readonly keyed: boolean;
}

export type Decision = 'allowed' | 'key-required' | 'host-not-allowed' | 'origin-not-allowed';

/**
 * Without a key, being on this machine is what lets a caller in; so the browser must not be usable by other sites: the
 * Host must be a loopback name (a rebound DNS name is not) and the Origin, if any, must be our own.
 */
export function decide(caller: Caller, door: Door): Decision {
  if (!door.keyed) {
    if (caller.host === undefined || !isLoopbackHost(hostName(caller.host))) return 'host-not-allowed';
    if (caller.origin !== undefined && !sameOrigin(caller.origin, caller.host)) return 'origin-not-allowed';
    return 'allowed';
  }
  const access = accessOf(caller.path);
  if (access === 'public' || (access === 'operations' && door.loopback)) return 'allowed';
  return caller.hasAdminKey ? 'allowed' : 'key-required';
}

/** The name in a Host header: without the port. */
function hostName(host: string): string {
  return host.replace(/:\d*$/, '');
}

function sameOrigin(origin: string, host: string): boolean {
  return origin.toLowerCase() === `http://${host.toLowerCase()}`;
}

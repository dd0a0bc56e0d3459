import tls from 'node:tls';
import type { Trust } from '../job.ts';

/**
 * Makes this process trust the server as the job says. By default every library finds the server's authority among
 * Node's default roots, so that none of them pays for a `ca` option.
 * @returns the `ca` option for libraries, PEM text; undefined for Node's default.
 */
export function trust(caPem: string, how: Trust): string | undefined {
  const all = [...tls.rootCertificates, caPem];
  if (how === 'bundle') return all.join('\n');
  tls.setDefaultCACertificates(all);
  return undefined;
}

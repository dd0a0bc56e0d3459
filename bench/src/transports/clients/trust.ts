import tls from 'node:tls';
import type { Target, Trust } from '../job.ts';

/**
 * Makes this process trust the server as the job says. By default every library finds the server's authority among
 * Node's default roots, so that none of them pays for a `ca` option.
 * @returns the `ca` option for libraries, PEM text; undefined for Node's default.
 */
export function trust({ caPem, bundlePem }: Target, how: Trust): string | undefined {
  if (how === 'bundle') return bundlePem ?? caPem;
  tls.setDefaultCACertificates([...tls.rootCertificates, caPem]);
  return undefined;
}

/** `upload.proxy`: from the words of the configuration to the transports' option. Credentials end here or in a transport. */
import { type ProxyOptions, ProxyServer, proxyFromEnvironment } from '@ferry/core';
import type { Environment } from './environment.ts';
import { isReference } from './keys.ts';

const KEY = 'upload.proxy';

/**
 * @param read what a reference stands for; undefined when it is not there.
 * @throws Error that names the key or variable which is not a proxy's address, without its value.
 */
export function resolveProxy(
  setting: string,
  env: Environment,
  read: (reference: string) => string | undefined,
): ProxyOptions | undefined {
  if (setting === 'none') return undefined;
  if (setting === 'environment') return fromEnvironment(env);
  const address = isReference(setting) ? read(setting) : setting;
  if (address === undefined) return undefined;
  ProxyServer.parse(address, isReference(setting) ? `${KEY}: "${setting}"` : KEY);
  // Whoever names a proxy means it for everything, also for an upstream on this machine.
  return { httpsProxy: address, httpProxy: address, loopback: 'proxied' };
}

function fromEnvironment(env: Environment): ProxyOptions {
  try {
    return proxyFromEnvironment(env);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new Error(`${error.message} (${KEY} = "none" does without it)`);
  }
}

/** The setting as it may be shown: an address without its user and password. */
export function withoutCredentials(setting: string): string {
  if (!setting.includes('@') || isReference(setting)) return setting;
  return setting.replace(/^([a-z]+:\/\/).*@/i, '$1***@');
}

import { readFileSync } from 'node:fs';
import { ConfigError } from '../config/config-error.ts';

/**
 * Certificate authorities from a PEM file.
 * @throws ConfigError when there are none.
 */
export function readAuthorities(path: string): string {
  let pem: string;
  try {
    pem = readFileSync(path, 'utf8');
  } catch {
    throw new ConfigError([`provider.ca_file: "${path}" cannot be read, expected a PEM file`]);
  }
  if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
  throw new ConfigError([`provider.ca_file: "${path}" holds no certificate, expected a PEM file`]);
}

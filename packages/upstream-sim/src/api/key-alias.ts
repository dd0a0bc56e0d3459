import { createHash } from 'node:crypto';

/** A name for a key that tells keys apart and gives nothing away: the start of its SHA-256. */
export function keyAlias(key: string): string {
  return `key-${createHash('sha256').update(key).digest('hex').slice(0, 8)}`;
}

/** The alias of the bearer key in an authorization header. */
export function aliasOfHeader(authorization: string | undefined): string | undefined {
  const key = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  return key === undefined ? undefined : keyAlias(key);
}

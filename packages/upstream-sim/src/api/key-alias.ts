import { createHash } from 'node:crypto';

/** The key in an authorization header; undefined when there is none. */
export function bearerKey(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
}

/** A name for a key that tells keys apart and gives nothing away: the start of its SHA-256. */
export function keyAlias(key: string): string {
  return `key-${createHash('sha256').update(key).digest('hex').slice(0, 8)}`;
}

import { createHash, timingSafeEqual } from 'node:crypto';

const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();

/** The token of an `Authorization: Bearer` header (RFC 6750 section 2.1). */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
}

/**
 * Compares the token of an `Authorization: Bearer` header with a key, in a time that tells nothing of either: both are
 * hashed, so lengths are equal, and only the key's hash is kept.
 */
export function bearerCheck(key: string): (authorization: string | undefined) => boolean {
  const expected = digest(key);
  return (authorization) => {
    const token = bearerToken(authorization);
    // An absent token is compared too, so that absence takes no other path.
    return timingSafeEqual(digest(token ?? ''), expected) && token !== undefined;
  };
}

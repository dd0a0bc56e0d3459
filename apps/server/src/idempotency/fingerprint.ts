import { createHash } from 'node:crypto';

export interface FingerprintedImage {
  readonly spool: { readonly sha256: string | undefined };
  readonly bytes: number;
}

/**
 * A digest of what a request asks for: its fields with their defaults, in the order of their names, and the bytes of its images in
 * their own order. How the form was cut into parts, its boundary and the files' names do not count.
 */
export function fingerprint(
  fields: Readonly<Record<string, unknown>>,
  images: readonly FingerprintedImage[],
): string {
  const sorted = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const digests = images.map(({ spool, bytes }) => {
    if (spool.sha256 === undefined)
      throw new Error('an image has no digest: its spool was not asked for one');
    return [bytes, spool.sha256];
  });
  return digest(JSON.stringify([sorted, digests]));
}

/** Unambiguous: the parts are quoted before they are joined. */
export function scopeOf(...parts: readonly string[]): string {
  return digest(JSON.stringify(parts));
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

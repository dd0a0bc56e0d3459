import type { IncomingHttpHeaders } from 'node:http';
import { badRequest } from '../errors/gateway-error.ts';

/** How a request can be known again. A closed set. */
export type Repeatability =
  /** Not at all. */
  | { readonly kind: 'none' }
  /** By the key its caller made up. */
  | { readonly kind: 'key'; readonly key: string }
  /** By its content: its client repeats by itself, and counts (OpenAI's: `x-stainless-retry-count`, 0 for the first). */
  | { readonly kind: 'counted'; readonly retry: number };

/** draft-ietf-httpapi-idempotency-key-header leaves length and alphabet to the server. */
const WELL_FORMED = /^[\x21-\x7e]{1,255}$/;

/** @throws GatewayError 400 for a key that is none. */
export function repeatability(headers: IncomingHttpHeaders): Repeatability {
  const key = headers['idempotency-key'];
  if (key !== undefined) {
    if (typeof key === 'string' && WELL_FORMED.test(key)) return { kind: 'key', key };
    throw badRequest('Idempotency-Key must be 1 to 255 visible ASCII characters, sent once.', {
      code: 'invalid_idempotency_key',
      param: 'Idempotency-Key',
    });
  }
  const count = headers['x-stainless-retry-count'];
  return typeof count === 'string' && /^\d{1,4}$/.test(count)
    ? { kind: 'counted', retry: Number(count) }
    : { kind: 'none' };
}

import type { FastifyRequest } from 'fastify';
import { badRequest } from '../errors/gateway-error.ts';

/**
 * C0 controls and DEL, percent-encoded: as they are Node's parser takes none of them. PostgreSQL has no NUL in text (its manual, 8.3),
 * and no address of ours needs any of the others.
 */
const CONTROL = /%(?:[01][\da-f]|7f)/i;

/** @throws GatewayError 400 for an address whose path or query holds a control character. */
export function refuseControlCharacters({ url }: Pick<FastifyRequest, 'url'>): void {
  if (!CONTROL.test(url)) return;
  throw badRequest('The address holds a control character, which nothing here is named by.', {
    code: 'invalid_request',
  });
}

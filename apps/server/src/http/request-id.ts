import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** What a caller's own id may look like: it goes into logs and a header. */
const WELL_FORMED = /^[A-Za-z0-9._-]{8,128}$/;

export function newRequestId(): string {
  return `req_${randomBytes(12).toString('base64url')}`;
}

/** The caller's `x-request-id` when it is well-formed, so that its logs and ours can be joined; else a new one. */
export function requestId({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && WELL_FORMED.test(given) ? given : newRequestId();
}

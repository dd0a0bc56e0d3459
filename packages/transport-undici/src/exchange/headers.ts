import type { TransportRequest } from '@ferry/core';

/**
 * Fields that belong to one connection (RFC 9110 section 7.6.1, RFC 9113 section 8.2.2), that frame the message, or that the protocol
 * itself sets. undici or Node throw at some of them.
 */
const OURS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The request's fields as HTTP/2 carries them, each name followed by its value; the length is the body's own, never the caller's claim. */
export function requestHeaders(request: TransportRequest): string[] {
  const fields: string[] = [];
  for (const name of Object.keys(request.headers)) {
    const value = request.headers[name];
    if (value !== undefined && !OURS.has(name)) fields.push(name, value);
  }
  const { body } = request;
  if (body?.byteLength === undefined) return fields;
  // Of a Buffer undici says it by itself; an empty one it is not given.
  if (body.bytes === undefined || body.byteLength === 0)
    fields.push('content-length', String(body.byteLength));
  return fields;
}

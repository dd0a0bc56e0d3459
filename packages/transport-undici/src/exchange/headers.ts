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

/**
 * Lower-case names; repeated fields joined by `, ` (RFC 9110 section 5.3), `set-cookie` by a newline.
 * @param headers as Node joined them, by the rules of each field.
 * @param fields as they came, each name followed by its value.
 */
export function responseHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  fields: readonly string[] | undefined,
): Record<string, string> {
  return (fields && unrepeated(fields)) ?? joinedAsGiven(headers);
}

/** Of fields that came once each, which spares a look at an object that V8 is slow with; undefined when one came again. */
function unrepeated(fields: readonly string[]): Record<string, string> | undefined {
  const headers: Record<string, string> = {};
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] ?? '';
    if (name.startsWith(':')) continue;
    if (headers[name] !== undefined) return undefined;
    headers[name] = fields[at + 1] ?? '';
  }
  return headers;
}

function joinedAsGiven(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string> {
  const joined: Record<string, string> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value === undefined || name.startsWith(':')) continue;
    joined[name] = Array.isArray(value) ? value.join(name === 'set-cookie' ? '\n' : ', ') : value;
  }
  return joined;
}

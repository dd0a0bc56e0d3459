import type { TransportRequest, TransportResponse } from '@ferry/core';

/** Fields that frame the message or belong to the connection (RFC 9110 section 7.6.1): they are the transport's to set. */
const OURS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * The header fields as they go on the wire. `undefined` removes a default of the library.
 * @param lastUse the connection will carry nothing after this request.
 */
export function requestHeaders(
  request: TransportRequest,
  lastUse: boolean,
): Record<string, string | undefined> {
  const headers: Record<string, string | undefined> = {
    'user-agent': undefined,
    // Bodies are passed on as they come, so ask for them plain unless the caller can decode.
    'accept-encoding': 'identity',
  };
  for (const [name, value] of Object.entries(request.headers)) {
    if (!OURS.has(name.toLowerCase())) headers[name.toLowerCase()] = value;
  }
  if (request.body) {
    // Said explicitly, since Node leaves a DELETE with a body of unknown length without any framing at all.
    if (request.body.byteLength === undefined) headers['transfer-encoding'] = 'chunked';
    else headers['content-length'] = String(request.body.byteLength);
  }
  if (lastUse) headers.connection = 'close';
  return headers;
}

/** Whether the headers say that no body follows (RFC 9112 section 6.3). */
export function isEmpty(
  method: TransportRequest['method'],
  { status, headers }: Pick<TransportResponse, 'status' | 'headers'>,
): boolean {
  return method === 'HEAD' || status === 204 || status === 304 || headers['content-length'] === '0';
}

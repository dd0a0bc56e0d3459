import http from 'node:http';
import { urlToHttpOptions } from 'node:url';
import type { TransportRequest } from '@ferry/core';
import got, { type Request as GotRequest, type RequestFunction } from 'got';
import type { ConnectionAgent } from '../connection/connection-agent.ts';
import { requestHeaders } from './headers.ts';
import type { Upload } from './upload.ts';

/**
 * Node's own request, with no more than a request on a ready connection needs. got hands over two dozen options of sockets
 * and TLS besides, all unset, and Node and its agent copy them again and again: 44 of the 445 µs of an upload of 100 kB in a
 * profile, 16 without.
 */
const onReadyConnection: RequestFunction = (url, { agent, headers, method, setHost }, callback) => {
  const { protocol, hostname, port, path, auth } = urlToHttpOptions(url);
  const target = { protocol, hostname, port, path, ...(auth != null && { auth }) };
  return http.request({ ...target, agent, headers, method, setHost }, callback);
};

/**
 * got with everything off that would make one `send()` more than one request, or something else than was asked for: retry,
 * redirects, throwing by status, decompression, cache, cookies, its timers. What stays is its framing of a streamed body,
 * its check of the response's content-length, and its care for Node's http events.
 */
const plainGot = got.extend({
  retry: { limit: 0 },
  followRedirect: false,
  throwHttpErrors: false,
  decompress: false,
  timeout: {},
  http2: false,
  allowGetBody: true,
  strictContentLength: true,
  request: onReadyConnection,
});

/**
 * Starts the request on this connection. Only got's stream interface is used: the promise interface reads the whole
 * response before it tells the status, so an early answer could not stop an upload. The caller must listen to `error` at
 * once and for good, since got may still raise one after the exchange has ended.
 * @param lastUse the connection will carry nothing after this request.
 */
export function openStream(
  request: TransportRequest,
  { agent, lastUse, upload }: { agent: ConnectionAgent; lastUse: boolean; upload: Upload | undefined },
): GotRequest {
  const stream = plainGot.stream(request.url, {
    method: request.method,
    headers: requestHeaders(request, lastUse),
    agent: { http: agent, https: agent },
    ...(upload && { body: upload }),
  });
  // got waits for `end()` when a method that may have a body, so every one but HEAD, is given none.
  if (!upload && request.method !== 'HEAD') stream.end();
  return stream;
}

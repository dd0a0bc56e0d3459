import got, { type Got } from 'got';

/**
 * got with everything off that would make one `send()` more than one request, or something else than was asked for: retry,
 * redirects, throwing by status, decompression, cache, cookies, its timers. What stays is its framing of a streamed body,
 * its check of the response's content-length, and its care for Node's http events.
 *
 * Only its stream interface is used. The promise interface reads the whole response before it tells the status, so an
 * upload could not be stopped by an early answer.
 */
export const plainGot: Got = got.extend({
  retry: { limit: 0 },
  followRedirect: false,
  throwHttpErrors: false,
  decompress: false,
  timeout: {},
  http2: false,
  allowGetBody: true,
  strictContentLength: true,
});

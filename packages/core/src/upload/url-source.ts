/** Fetching a stranger's URL into a stream, safely. */
import type { IncomingMessage } from 'node:http';
import { type DownloadTimes, DownloadWatch } from './download-watch.ts';
import { type AddressGuard, guardedGet, type ResolveHost, resolveHost } from './guarded-request.ts';
import { SpoolLimitError, UploadInputError } from './input-error.ts';
import { orAborted } from './or-aborted.ts';
import { isPublicAddress } from './public-address.ts';
import { UrlFetchError } from './url-error.ts';

export interface UrlFetchOptions extends DownloadTimes {
  /** Longer content is refused, by its announced length when it has one. Default unlimited. */
  readonly maxBytes?: number;
  /** Default 5. */
  readonly maxRedirects?: number;
  /** How names become addresses. Default the system's resolver. */
  readonly resolve?: ResolveHost;
  /** Which addresses may be connected to. Default those of the public internet. */
  isAllowed?(address: string): boolean;
}

/** An answer whose headers have arrived. Dispose of it when it is not read to its end. */
export interface UrlDownload extends AsyncDisposable {
  /** Where the content came from, after redirects. */
  readonly url: URL;
  /** As the server says; not to be believed about images. */
  readonly contentType: string | undefined;
  /** As the server says; content of another length fails. */
  readonly byteLength: number | undefined;
  /** The content; iterate it once. Throws UrlFetchError, SpoolLimitError or the signal's reason. */
  readonly body: AsyncIterable<Uint8Array>;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * GETs an http(s) URL. Every hop of at most `maxRedirects` is checked anew: scheme, credentials, and the address that is
 * really connected to.
 * @throws UploadInputError `malformed`, UrlNotAllowedError, UrlFetchError, SpoolLimitError, or the signal's reason.
 */
export async function fetchUrl(url: string | URL, options: UrlFetchOptions = {}): Promise<UrlDownload> {
  const guard: AddressGuard = {
    resolve: options.resolve ?? resolveHost,
    isAllowed: options.isAllowed ?? isPublicAddress,
  };
  const start = parseUrl(url);
  const watch = new DownloadWatch(options);
  try {
    const { response, at } = await followRedirects(start, guard, watch, options.maxRedirects ?? 5);
    return download(response, at, watch, options.maxBytes ?? Number.POSITIVE_INFINITY);
  } catch (error) {
    watch.stop(error);
    throw error;
  }
}

function parseUrl(url: string | URL): URL {
  if (!URL.canParse(url)) throw new UploadInputError('malformed', 'not a URL');
  return new URL(url);
}

async function followRedirects(
  start: URL,
  guard: AddressGuard,
  watch: DownloadWatch,
  maxRedirects: number,
): Promise<{ response: IncomingMessage; at: URL }> {
  let at = start;
  for (let redirects = 0; redirects <= maxRedirects; redirects += 1) {
    watch.connecting();
    // The abort ends the request by itself, but not a resolver that never answers.
    const response = await orAborted(guardedGet(at, guard, watch.signal, watch.waiting), watch.signal);
    watch.progressed();
    if (!REDIRECTS.has(response.statusCode ?? 0)) return { response, at };
    response.destroy();
    const { location } = response.headers;
    if (location === undefined || !URL.canParse(location, at)) {
      throw new UrlFetchError(`${at.host} redirects to nowhere`, { reason: 'network' });
    }
    at = new URL(location, at);
  }
  throw new UrlFetchError(`more than ${maxRedirects} redirects`, { reason: 'too-many-redirects' });
}

function download(response: IncomingMessage, url: URL, watch: DownloadWatch, maxBytes: number): UrlDownload {
  const status = response.statusCode ?? 0;
  if (status !== 200) throw new UrlFetchError(`${url.host} answered ${status}`, { reason: 'status', status });
  const encoding = response.headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') {
    throw new UrlFetchError(`${url.host} sent a content-encoding nobody asked for`, { reason: 'encoding' });
  }
  const announced = response.headers['content-length'];
  const byteLength = announced === undefined ? undefined : Number(announced);
  if (byteLength !== undefined && byteLength > maxBytes) throw new SpoolLimitError(maxBytes);
  return {
    url,
    contentType: response.headers['content-type'],
    byteLength,
    body: content(response, url, watch, maxBytes),
    async [Symbol.asyncDispose]() {
      watch.stop(new Error('the download was given up'));
    },
  };
}

async function* content(
  response: IncomingMessage,
  url: URL,
  watch: DownloadWatch,
  maxBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const chunks: AsyncIterator<Uint8Array> = response[Symbol.asyncIterator]();
  let seen = 0;
  try {
    while (true) {
      watch.waiting();
      const chunk = await orAborted(chunks.next(), watch.signal);
      watch.progressed();
      if (chunk.done === true) return;
      seen += chunk.value.byteLength;
      if (seen > maxBytes) throw new SpoolLimitError(maxBytes);
      yield chunk.value;
    }
  } catch (cause) {
    if (watch.signal.aborted) throw watch.signal.reason;
    if (UploadInputError.is(cause)) throw cause;
    throw new UrlFetchError(`${url.host} stopped before the end`, { reason: 'truncated', cause });
  } finally {
    watch.stop(new Error('the download has ended'));
  }
}

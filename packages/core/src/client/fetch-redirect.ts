import type { FetchTarget } from './fetch-request.ts';

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** As the Fetch standard has it. */
export const MAX_REDIRECTS = 20;

/** Headers that describe a body which is not sent again. */
const BODY_HEADERS: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-type',
]);

export function isRedirect(status: number): boolean {
  return REDIRECTS.has(status);
}

/**
 * The request that follows a redirect, by the Fetch standard's "HTTP-redirect fetch"; undefined when the answer names no place.
 * Another origin gets no `authorization` and no cookie.
 * @throws TypeError for a place that is not http(s), or one with a name and password.
 */
export function redirected(
  target: FetchTarget,
  status: number,
  location: string | undefined,
): FetchTarget | undefined {
  if (location === undefined) return undefined;
  const url = URL.parse(location, target.url);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw new TypeError('a redirect leads to something other than http(s)');
  if (url.username !== '' || url.password !== '')
    throw new TypeError('a redirect leads to a URL with a name and password');
  const isPost = target.method === 'POST' && (status === 301 || status === 302);
  const isSeeOther = status === 303 && target.method !== 'GET' && target.method !== 'HEAD';
  const becomesGet = isPost || isSeeOther;
  const left = url.origin !== target.url.origin;
  const headers = Object.entries(target.headers).filter(
    ([name]) =>
      !(becomesGet && BODY_HEADERS.has(name)) && !(left && (name === 'authorization' || name === 'cookie')),
  );
  return {
    method: becomesGet ? 'GET' : target.method,
    url,
    headers: Object.fromEntries(headers),
    body: becomesGet ? undefined : target.body,
  };
}

/**
 * A base address without what every provider appends: a slash or a `/v1` at its end.
 * @throws TypeError when it is not an http(s) address.
 */
export function baseOf(url: string | URL): string {
  const base = new URL(url);
  if (base.protocol !== 'https:' && base.protocol !== 'http:') throw new TypeError('baseUrl must be http(s)');
  return `${base.origin}${base.pathname}`.replace(/\/+$/, '').replace(/\/v1$/, '');
}

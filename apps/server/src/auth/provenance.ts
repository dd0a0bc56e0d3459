/** What headers say about the way a request came. They prove nothing: they can only speak against a caller. */
import type { IncomingHttpHeaders } from 'node:http';

/** Added by proxies: RFC 7239, RFC 9110 section 7.6.3, and the names that came before them. */
const FORWARDED = ['forwarded', 'via', 'x-forwarded-for', 'x-real-ip'] as const;

/** Whether a proxy says that it passed the request on. */
export function wasForwarded(headers: IncomingHttpHeaders): boolean {
  return FORWARDED.some((name) => headers[name] !== undefined);
}

/**
 * Whether the browser says that the page of another origin sent it, such as an image of ours in it: those have no Origin (W3C
 * Fetch Metadata). An address that a person opens, or a link that they follow, is none.
 */
export function isForeign(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  return (
    site !== undefined &&
    site !== 'same-origin' &&
    site !== 'none' &&
    headers['sec-fetch-mode'] !== 'navigate'
  );
}

/** What the settings API reads from headers and queries. Each throws GatewayError 400. */
import { badRequest } from '../errors/gateway-error.ts';
import { revisionSchema } from './change-request.ts';

const MAX_PAGE = 100;
const DEFAULT_PAGE = 20;

/** The entity tag of a revision (RFC 9110 section 8.8.3). */
export const entityTag = (revision: number): string => `"${revision}"`;

/** The revision that `if-match` names; undefined for none, and for `*`, which any revision matches. */
export function parseIfMatch(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === '*') return undefined;
  // A weak tag never matches (section 13.1.1), and proxies that compress make tags weak: it still names the revision.
  const revision = wholeNumber(/^\s*(?:W\/)?"(\d+)"\s*$/.exec(header)?.[1]);
  if (revision !== undefined) return revision;
  throw badRequest('if-match: expected the etag of the settings, such as "3".', {
    code: 'invalid_value',
    param: 'if-match',
  });
}

export function parseDryRun(text: string | undefined): boolean {
  if (text === undefined || text === 'false') return false;
  if (text === 'true') return true;
  throw badRequest('dry_run: expected true or false.', { code: 'invalid_value', param: 'dry_run' });
}

export function parsePage(
  before: string | undefined,
  limit: string | undefined,
): { readonly before: number | undefined; readonly limit: number } {
  const [from, size] = [wholeNumber(before), wholeNumber(limit)];
  if (before !== undefined && from === undefined) {
    throw badRequest('before: expected the number of a revision.', {
      code: 'invalid_value',
      param: 'before',
    });
  }
  if (limit !== undefined && (size === undefined || size < 1 || size > MAX_PAGE)) {
    throw badRequest(`limit: expected a whole number from 1 to ${MAX_PAGE}.`, {
      code: 'invalid_value',
      param: 'limit',
    });
  }
  return { before: from, limit: size ?? DEFAULT_PAGE };
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text)
    ? revisionSchema.safeParse(Number(text)).data
    : undefined;
}

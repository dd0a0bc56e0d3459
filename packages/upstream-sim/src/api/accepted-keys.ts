import { createHash } from 'node:crypto';
import type { ApiRequest } from './answer.ts';
import { ApiError } from './api-error.ts';
import { bearerKey, keyAlias } from './key-alias.ts';

/** The keys that an API accepts. */
export class AcceptedKeys {
  readonly #accepted: ReadonlySet<string> | undefined;

  /** @param keys undefined accepts any that is not empty. */
  constructor(keys: readonly string[] | undefined) {
    this.#accepted = keys && new Set(keys.map(digest));
  }

  /**
   * The alias of the request's key, which owns what is uploaded with it.
   * @throws ApiError 401.
   */
  ownerOf({ headers }: Pick<ApiRequest, 'headers'>): string {
    const key = bearerKey(headers.authorization);
    if (key === undefined) {
      throw new ApiError('No API key: send authorization: Bearer <key>', {
        status: 401,
        code: 'unauthenticated',
        headers: { 'www-authenticate': 'Bearer' },
      });
    }
    if (this.#accepted && !this.#accepted.has(digest(key))) {
      throw new ApiError('Incorrect API key provided', { status: 401, code: 'invalid_api_key' });
    }
    return keyAlias(key);
  }
}

/** Looked up by digest, so that comparing takes the same time for every wrong key. */
function digest(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

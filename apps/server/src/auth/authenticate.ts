import type { FastifyRequest } from 'fastify';
import { type ApiKey, type ApiKeySource, hashApiKey } from './api-keys/api-key.ts';
import { bearerCheck, bearerToken } from './bearer.ts';
import type { Identity } from './identity.ts';
import { sessionIn } from './session-cookie.ts';
import type { SessionTokens } from './session-token.ts';

/** What a request's key or cookie proves. */
export interface Proof {
  readonly identity: Identity;
  /** The API key it came with. */
  readonly apiKey?: ApiKey;
  /** It came with a key that nobody knows. */
  readonly wrongKey: boolean;
}

export interface AuthenticationOptions {
  /** Undefined on a loopback gateway that asks for no key. */
  readonly admin: { readonly key: string; readonly sessions: SessionTokens } | undefined;
  readonly apiKeys: ApiKeySource;
}

/** Reads who sends a request; decides nothing. */
export function authentication({
  admin,
  apiKeys,
}: AuthenticationOptions): (request: FastifyRequest) => Proof {
  const isAdminKey = admin === undefined ? () => false : bearerCheck(admin.key);
  return (request) => {
    const { authorization } = request.headers;
    if (isAdminKey(authorization)) return { identity: { kind: 'admin', via: 'key' }, wrongKey: false };
    const token = bearerToken(authorization);
    const apiKey = token === undefined ? undefined : apiKeys.find(hashApiKey(token));
    if (apiKey !== undefined) {
      return { identity: { kind: 'api-key', id: apiKey.id, name: apiKey.name }, apiKey, wrongKey: false };
    }
    // OpenAI's clients send a key whether or not one is wanted.
    if (admin === undefined) return { identity: { kind: 'loopback' }, wrongKey: false };
    // A browser that signed in must not be taken for somebody who guesses.
    const session = sessionIn(request);
    if (token === undefined && session !== undefined && admin.sessions.holds(session)) {
      return { identity: { kind: 'admin', via: 'session' }, wrongKey: false };
    }
    return { identity: { kind: 'anonymous' }, wrongKey: token !== undefined };
  };
}

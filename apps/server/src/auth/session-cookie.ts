import { parseCookie, stringifySetCookie } from 'cookie';
import type { FastifyRequest } from 'fastify';

const NAME = 'ferry_session';

export function sessionIn({ headers }: FastifyRequest): string | undefined {
  return headers.cookie === undefined ? undefined : parseCookie(headers.cookie)[NAME];
}

/**
 * The `set-cookie` that gives a browser its session, or takes it away when there is no token. Not readable by scripts and
 * never sent from another site's page (RFC 6265bis); over TLS it does not leave TLS.
 */
export function sessionCookie(
  request: FastifyRequest,
  session: { readonly token: string; readonly expiresAt: number } | undefined,
): string {
  return stringifySetCookie({
    name: NAME,
    value: session?.token ?? '',
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
    secure: request.protocol === 'https',
    expires: new Date(session?.expiresAt ?? 0),
  });
}

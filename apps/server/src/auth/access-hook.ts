import type { FastifyRequest } from 'fastify';
import { GatewayError } from '../errors/gateway-error.ts';
import { type Decision, decide } from './access.ts';
import { bearerCheck } from './bearer.ts';
import { type Identity, setIdentity } from './identity.ts';
import { isLoopbackHost } from './loopback.ts';

export interface AccessOptions {
  /** The address the server listens on. */
  readonly host: string;
  readonly adminKey: string | undefined;
}

/**
 * A Fastify hook rather than a Nest guard: it also stands before routes that are no controllers (static files, the
 * documentation) and before any body is read.
 * @throws GatewayError 401 or 403 from the returned function.
 */
export function accessCheck({ host, adminKey }: AccessOptions): (request: FastifyRequest) => void {
  const door = { loopback: isLoopbackHost(host), keyed: adminKey !== undefined };
  const hasAdminKey = adminKey === undefined ? () => false : bearerCheck(adminKey);
  return (request) => {
    const caller = {
      path: request.url.split('?', 1)[0] ?? '/',
      host: request.headers.host,
      origin: request.headers.origin,
      hasAdminKey: hasAdminKey(request.headers.authorization),
    };
    const decision = decide(caller, door);
    if (decision !== 'allowed') throw refusal(decision);
    setIdentity(request, identify(caller.hasAdminKey, door.keyed));
  };
}

function identify(hasAdminKey: boolean, keyed: boolean): Identity {
  if (hasAdminKey) return { kind: 'admin', via: 'key' };
  return keyed ? { kind: 'anonymous' } : { kind: 'loopback' };
}

function refusal(decision: Exclude<Decision, 'allowed'>): GatewayError {
  switch (decision) {
    case 'key-required':
      return new GatewayError('Send the admin key as "Authorization: Bearer ...".', {
        status: 401,
        type: 'authentication_error',
        code: 'invalid_api_key',
        headers: { 'www-authenticate': 'Bearer realm="ferry"' },
      });
    case 'host-not-allowed':
      return new GatewayError(
        'Without an admin key Ferry answers only to this machine: use http://localhost or configure auth.admin_key.',
        { status: 403, type: 'permission_error', code: 'host_not_allowed' },
      );
    case 'origin-not-allowed':
      return new GatewayError('Without an admin key pages of other sites may not use Ferry.', {
        status: 403,
        type: 'permission_error',
        code: 'origin_not_allowed',
      });
    default:
      return decision satisfies never;
  }
}

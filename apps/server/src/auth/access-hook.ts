import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayError } from '../errors/gateway-error.ts';
import { accessOf, type Decision, decide } from './access.ts';
import { type AuthenticationOptions, authentication } from './authenticate.ts';
import { callerName, setIdentity } from './identity.ts';
import { networkOf, RequestRate, RequestsAtOnce, WrongKeys } from './limits.ts';
import { isLoopbackHost } from './loopback.ts';
import { isForeign, wasForwarded } from './provenance.ts';

export interface AccessOptions extends AuthenticationOptions {
  /** The address the server listens on. */
  readonly host: string;
  /** Requests a minute of callers without a number of their own; 0 for no limit. */
  readonly requestsPerMinute: number;
}

/**
 * A Fastify hook rather than a Nest guard: it also stands before routes that are no controllers (static files, the
 * documentation) and before any body is read.
 * @throws GatewayError 401, 403 or 429 from the returned function.
 */
export function accessCheck(
  options: AccessOptions,
): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  const door = { loopback: isLoopbackHost(options.host), keyed: options.admin !== undefined };
  const authenticate = authentication(options);
  const wrongKeys = new WrongKeys();
  const rate = new RequestRate(options.requestsPerMinute);
  const atOnce = new RequestsAtOnce();

  return async (request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '/';
    const { host, origin, authorization } = request.headers;
    const proof = authenticate(request);
    if (door.keyed && authorization !== undefined) {
      await (proof.wrongKey ? wrongKeys.count(request.ip) : wrongKeys.check(request.ip));
    }
    const { identity, apiKey } = proof;
    const decision = decide(
      {
        method: request.method,
        path,
        host,
        origin,
        forwarded: wasForwarded(request.headers),
        foreign: isForeign(request.headers),
        identity,
      },
      door,
    );
    if (decision !== 'allowed') throw refusal(decision, proof.wrongKey);

    const name = callerName(identity);
    const limited = door.keyed && accessOf(path) !== 'operations';
    if (limited) {
      const caller = identity.kind === 'anonymous' ? `from:${networkOf(request.ip)}` : name;
      await rate.take(caller, apiKey?.requestsPerMinute);
    }
    if (apiKey?.concurrency !== undefined) {
      // Not onResponse: it does not run when the caller goes away first.
      reply.raw.once('close', atOnce.enter(name, apiKey.concurrency));
    }
    setIdentity(request, identity);
  };
}

function refusal(decision: Exclude<Decision, 'allowed'>, wrongKey: boolean): GatewayError {
  switch (decision) {
    case 'key-required':
      return new GatewayError(
        wrongKey
          ? 'The key is not known here, or was revoked.'
          : 'Send a key as "Authorization: Bearer ...": the admin key, or an API key for the API.',
        {
          status: 401,
          type: 'authentication_error',
          code: 'invalid_api_key',
          headers: { 'www-authenticate': 'Bearer realm="ferry"' },
        },
      );
    case 'admin-required':
      return new GatewayError('An API key may not use the admin API.', {
        status: 403,
        type: 'permission_error',
        code: 'admin_required',
      });
    case 'host-not-allowed':
      return new GatewayError(
        'Without an admin key Ferry answers only to this machine: use http://localhost without a proxy, or configure auth.admin_key.',
        { status: 403, type: 'permission_error', code: 'host_not_allowed' },
      );
    case 'origin-not-allowed':
      return new GatewayError('Pages of other sites may not use Ferry.', {
        status: 403,
        type: 'permission_error',
        code: 'origin_not_allowed',
      });
    default:
      return decision satisfies never;
  }
}

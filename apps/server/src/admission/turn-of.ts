import type { FastifyRequest } from 'fastify';
import { callerName, identityOf } from '../auth/identity.ts';
import type { Turn } from './turn.ts';

/**
 * In whose name a request waits for what callers share. A key is one caller wherever it is used; those without a key of
 * their own (this machine, the admin key) are told apart by their address.
 */
export function turnOf(request: FastifyRequest): Turn {
  const identity = identityOf(request);
  const name = callerName(identity);
  return { caller: identity.kind === 'api-key' ? name : `${name}@${request.ip}` };
}

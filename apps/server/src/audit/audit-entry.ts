import type { FastifyRequest } from 'fastify';
import { callerName, identityOf } from '../auth/identity.ts';

/** What is worth an entry: what changes who may do what, or how the gateway works. A closed set. */
export type AuditAction =
  | 'session.created'
  | 'session.ended'
  | 'api-key.created'
  | 'api-key.revoked'
  | 'settings.changed'
  | 'settings.rolled-back'
  | 'fallback.reset'
  | 'drill.started'
  | 'drill.stopped';

export interface AuditEntry {
  readonly action: AuditAction;
  /** What it was done to, by a name that is no secret. */
  readonly target?: string;
  /** What else is worth knowing; never a key. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** Who, and from where. */
export interface Actor {
  readonly who: string;
  /** An IP address; the word `here` for somebody at the machine's own command line. */
  readonly address: string;
  readonly requestId: string;
}

export const actorOf = (request: FastifyRequest): Actor => ({
  who: callerName(identityOf(request)),
  address: request.ip,
  requestId: request.id,
});

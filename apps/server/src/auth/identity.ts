/** Who a request comes from: the scope of its idempotency keys, its share of the queue, the name in the audit log. */
import type { FastifyRequest } from 'fastify';

/** A closed set. */
export type Identity =
  /** A page or a link that anybody may open. */
  | { readonly kind: 'anonymous' }
  /** Somebody on this machine, while no admin key is configured. */
  | { readonly kind: 'loopback' }
  /** Who holds the admin key, or the cookie that it was exchanged for. */
  | { readonly kind: 'admin'; readonly via: 'key' | 'session' }
  /** Who holds one of the operator's API keys. */
  | { readonly kind: 'api-key'; readonly id: string; readonly name: string };

const identities = new WeakMap<FastifyRequest['raw'], Identity>();

/** Set once, by the hook that lets a request in. */
export function setIdentity({ raw }: FastifyRequest, identity: Identity): void {
  identities.set(raw, identity);
}

/** Whether it was let in and is more than anybody: a stranger's request is refused, or for a page. */
export function isKnown({ raw }: FastifyRequest): boolean {
  return (identities.get(raw)?.kind ?? 'anonymous') !== 'anonymous';
}

/** @throws Error for a request that no access check has seen: a mistake in the order of hooks, never the caller's. */
export function identityOf({ raw }: FastifyRequest): Identity {
  const identity = identities.get(raw);
  if (identity === undefined) throw new Error('a request has reached its handler without an access check');
  return identity;
}

/** A short name that is the same for the same caller, and holds no secret: a key in maps and tables, a word in logs. */
export function callerName(identity: Identity): string {
  switch (identity.kind) {
    case 'anonymous':
    case 'loopback':
    case 'admin':
      return identity.kind;
    case 'api-key':
      return `key:${identity.id}`;
    default:
      return identity satisfies never;
  }
}

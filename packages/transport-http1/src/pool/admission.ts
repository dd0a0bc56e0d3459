import type { RetireReason, ReusePolicy } from '@ferry/core';

/** What a decision about an unoccupied connection needs to know. Times are milliseconds. */
export interface ConnectionFacts {
  /** Requests it has carried. */
  readonly uses: number;
  /** Since it was opened. */
  readonly ageMs: number;
  /** Since its last use, or since it was opened. */
  readonly idleMs: number;
  /** How long the peer lets it idle, margin taken off; `Infinity` when the peer said nothing. */
  readonly peerIdleLimitMs: number;
}

/** How long a connection may stay unoccupied under this policy. Milliseconds. */
export function idleLimitMs(
  facts: Pick<ConnectionFacts, 'uses' | 'peerIdleLimitMs'>,
  policy: ReusePolicy,
): number {
  const own = facts.uses === 0 ? policy.spareMaxIdleMs : policy.maxIdleMs;
  return Math.min(own, facts.peerIdleLimitMs);
}

/** Why an unoccupied connection may not take one more request; undefined when it may. */
export function whyNot(facts: ConnectionFacts, policy: ReusePolicy): RetireReason | undefined {
  if (facts.uses >= policy.maxUses) return 'used-up';
  if (facts.ageMs >= policy.maxAgeMs) return 'too-old';
  if (facts.idleMs >= idleLimitMs(facts, policy)) return 'idle';
  return undefined;
}

/** A connection that is being opened. */
export interface OpeningFacts {
  /** Since that began, in milliseconds. */
  readonly connectingMs: number;
}

/** The places of an origin that are not free. */
export interface Places<O extends OpeningFacts> {
  /** Connections open or being opened. */
  readonly taken: number;
  /** Those being opened for nobody. */
  readonly openingAhead: readonly O[];
  /** One that has been opening for so long, in milliseconds, is counted on no more: its path may have gone dark. */
  readonly slowConnectMs: number;
}

/** What to do for a request that needs a connection. */
export type Plan<C, O> =
  | { readonly do: 'reuse'; readonly connection: C }
  /** Wait for this connection, which is already being opened ahead. */
  | { readonly do: 'adopt'; readonly opening: O }
  | { readonly do: 'open' }
  /** Close this one, which the request must not use, and open another in its place. */
  | { readonly do: 'replace'; readonly connection: C }
  | { readonly do: 'wait' };

/**
 * Chooses for one request. Unoccupied connections are given oldest use first; the last one is taken, since it is the
 * least likely to have been dropped by something on the way (and the others get their chance to expire).
 */
export function plan<C, O extends OpeningFacts>(
  unoccupied: readonly C[],
  mayUse: (connection: C) => boolean,
  places: Places<O>,
  policy: ReusePolicy,
): Plan<C, O> {
  const connection = unoccupied.findLast(mayUse);
  if (connection !== undefined) return { do: 'reuse', connection };
  const opening = places.openingAhead.find(({ connectingMs }) => connectingMs < places.slowConnectMs);
  if (opening !== undefined) return { do: 'adopt', opening };
  if (places.taken < policy.maxConnections) return { do: 'open' };
  const avoided = unoccupied[0];
  return avoided === undefined ? { do: 'wait' } : { do: 'replace', connection: avoided };
}

import { elapsed, type Instant } from '../time/instant.ts';
import type { ConnectionState, RetireReason } from '../transport/pool-event.ts';
import type { ReusePolicy } from '../transport/reuse-policy.ts';

/** What is known of a connection when a place on it is wanted. */
export interface ConnectionFacts {
  readonly id: string;
  readonly state: ConnectionState;
  /** When it began to be opened. */
  readonly connectingSince: Instant;
  /** Requests it has carried or carries. */
  readonly uses: number;
  /** Requests on it now. */
  readonly streams: number;
  /** The peer's limit; until it has told one, what is assumed of it. */
  readonly peerMaxStreams: number;
  /** Whether the peer has told its limit. */
  readonly limitKnown: boolean;
  /** How long the peer lets it be unused, in milliseconds. */
  readonly peerIdleMs: number;
  /** When it became live. */
  readonly openedAt: Instant;
  /** When it was last used; when it became live, before that. */
  readonly usedAt: Instant;
  readonly heardAt: Instant;
  /** When something happened that may have ended it, too; undefined when nothing did. */
  readonly doubtedAt?: Instant | undefined;
  /** A proof that it is alive: none is asked for, it is on its way, or late. */
  readonly proof: 'none' | 'out' | 'late';
}

export type Admission =
  /** May take `places` more requests now. */
  | { readonly type: 'admit'; readonly places: number }
  /** Will probably take `places` requests soon: it is being opened or proven, or its peer has not allowed more yet. */
  | { readonly type: 'soon'; readonly places: number }
  /** Alive, and takes none at the moment. */
  | { readonly type: 'full' }
  /** Its time is over. */
  | { readonly type: 'retire'; readonly reason: RetireReason }
  /** Takes no new request, ever. */
  | { readonly type: 'gone' };

const FULL: Admission = Object.freeze({ type: 'full' });
const GONE: Admission = Object.freeze({ type: 'gone' });

/** Milliseconds an unused connection is kept: a spare, one that has never carried a request, has its own limit. */
export function idleLimit(
  { uses, peerIdleMs }: Pick<ConnectionFacts, 'uses' | 'peerIdleMs'>,
  policy: ReusePolicy,
): number {
  const ours = uses === 0 && policy.spares > 0 ? policy.spareMaxIdleMs : Number.POSITIVE_INFINITY;
  return Math.min(ours, policy.maxIdleMs, peerIdleMs);
}

/** Whether a connection may take one more stream. Pure; the only place where the limits of reuse are applied. */
export function admit(connection: ConnectionFacts, now: Instant, policy: ReusePolicy): Admission {
  const { state, uses, streams, proof } = connection;
  switch (state) {
    case 'connecting':
      return { type: 'soon', places: Math.min(policy.maxStreams, policy.maxUses) };
    case 'retired':
    case 'closed':
      return GONE;
    case 'live':
      break;
  }
  if (uses >= policy.maxUses) return streams > 0 ? GONE : { type: 'retire', reason: 'used-up' };
  if (elapsed(connection.openedAt, now) >= policy.maxAgeMs) return { type: 'retire', reason: 'too-old' };
  if (streams === 0 && elapsed(connection.usedAt, now) >= idleLimit(connection, policy)) {
    return { type: 'retire', reason: 'idle' };
  }
  const ours = Math.min(policy.maxStreams - streams, policy.maxUses - uses);
  if (ours <= 0 || proof === 'late') return FULL;
  const places = Math.min(ours, connection.peerMaxStreams - streams);
  if (places > 0) return { type: proof === 'out' ? 'soon' : 'admit', places };
  // RFC 9113 section 6.5.2: a peer may allow no stream for a while and raise the limit later.
  return !connection.limitKnown || streams === 0 ? { type: 'soon', places: ours } : FULL;
}

/**
 * Whether the connection is still being opened after `slowConnectMs`: its path may have gone dark, so nobody counts on it any
 * more. It may yet become ready, and is welcome then.
 */
export function slowToConnect(connection: ConnectionFacts, now: Instant, slowConnectMs: number): boolean {
  return connection.state === 'connecting' && elapsed(connection.connectingSince, now) >= slowConnectMs;
}

/**
 * Whether the connection must be proven before it is used: it has been silent for so long, or not been heard since it is in doubt.
 * What was heard after the request came is otherwise proof enough for it, however short `proveAfterIdleMs` is.
 */
export function needsProof(
  { heardAt, doubtedAt }: Pick<ConnectionFacts, 'heardAt' | 'doubtedAt'>,
  now: Instant,
  since: Instant,
  proveAfterIdleMs: number,
): boolean {
  if (doubtedAt !== undefined && heardAt.mono <= doubtedAt.mono) return true;
  if (heardAt.mono > since.mono) return false;
  return elapsed(heardAt, now) > proveAfterIdleMs;
}

import type { ReusePolicy } from '../transport/reuse-policy.ts';
import type { ConnectionFacts } from './admission.ts';
import { takesRoom } from './survey.ts';

/** Whether the policy lets a connection stand by before its first request. */
export function mayStandBy({ maxUses, spares }: ReusePolicy): boolean {
  return maxUses > 1 || spares > 0;
}

/**
 * How many spares to open now, so that `min(spares, peak)` connections stand ready beyond those the waiting requests
 * will take.
 * @param peak the most requests at once in the recent past.
 */
export function sparesToOpen(
  connections: readonly ConnectionFacts[],
  policy: ReusePolicy,
  demand: { readonly waiting: number; readonly peak: number },
): number {
  const wanted = Math.min(policy.spares, demand.peak);
  const room = policy.maxConnections - connections.filter(takesRoom).length;
  // Those who wait beyond the unused connections share others, or have their own opened by `plan()`.
  const ready = Math.max(0, unused(connections).length - demand.waiting);
  return Math.max(0, Math.min(wanted - ready, room));
}

/**
 * Single-use connections that nobody waits for any more, beyond the spares: the request they were opened for was
 * aborted, or took another. Connections that may be shared are worth keeping. Those still connecting go first.
 * @param wanted the requests that wait, each counted as often as connections are being opened for it.
 */
export function surplus(
  connections: readonly ConnectionFacts[],
  policy: ReusePolicy,
  wanted: number,
): readonly string[] {
  if (policy.maxUses > 1) return [];
  const idle = unused(connections);
  const excess = Math.max(0, idle.length - wanted - policy.spares);
  if (excess === 0) return [];
  return [...idle]
    .sort((a, b) => Number(a.state === 'live') - Number(b.state === 'live'))
    .slice(0, excess)
    .map((c) => c.id);
}

function unused(connections: readonly ConnectionFacts[]): readonly ConnectionFacts[] {
  return connections.filter((c) => (c.state === 'connecting' || c.state === 'live') && c.uses === 0);
}

import type { ReusePolicy } from '@ferry/core';
import { type Admission, admit, type ConnectionFacts, needsProof, slowToConnect } from './admission.ts';
import type { Instant } from './connection.ts';

/** One request that wants a place. */
export interface Demand {
  /** When it came. */
  readonly since: Instant;
  /** Connections it must not use. */
  readonly avoid: ReadonlySet<string> | undefined;
  /** Requests ahead of it that rely on places which connections will have soon. */
  readonly promised: number;
  /** Requests ahead of it that wait without such a promise. */
  readonly waiting: number;
  /** A connection that has been opening for so long, in milliseconds, is no promise any more. */
  readonly slowConnectMs: number;
}

/** What to do for one request. A closed set; nobody else decides. */
export type Plan =
  | { readonly type: 'reuse'; readonly id: string }
  /** Send a PING on it; the request waits, and so does a place. */
  | { readonly type: 'prove'; readonly id: string }
  /**
   * Open one more connection, ending the idle one named by `evict` first when there is no room. `hedge`: only because those
   * that are being opened are slow; once is enough for a request.
   */
  | { readonly type: 'open'; readonly evict?: string; readonly hedge?: true }
  /** `promised`: a connection that is being opened or proven has a place for it. */
  | { readonly type: 'wait'; readonly promised: boolean }
  | { readonly type: 'refuse' };

/** Connections that count against `maxConnections`: all but those that only wait for their socket to close. */
function occupied(connections: readonly ConnectionFacts[]): number {
  return connections.filter((c) => c.state === 'connecting' || c.state === 'live' || c.streams > 0).length;
}

/** Decides how one request gets its connection. Pure. */
export function plan(
  connections: readonly ConnectionFacts[],
  now: Instant,
  policy: ReusePolicy,
  demand: Demand,
): Plan {
  const judged = connections.map((connection) => ({ connection, admission: admit(connection, now, policy) }));
  const allowed = judged.filter(({ connection }) => !(demand.avoid?.has(connection.id) ?? false));

  const open = allowed.filter(({ admission }) => admission.type === 'admit').map((j) => j.connection);
  const silent = (c: ConnectionFacts) => needsProof(c, now, demand.since, policy.proveAfterIdleMs);
  const best = pick(open.filter((c) => !silent(c)));
  if (best !== undefined) return { type: 'reuse', id: best.id };
  const doubtful = pick(open.filter(silent));
  if (doubtful !== undefined) return { type: 'prove', id: doubtful.id };

  const hoped = allowed.filter(({ admission }) => admission.type === 'soon');
  const slow = (c: ConnectionFacts) => slowToConnect(c, now, demand.slowConnectMs);
  const promises = hoped.filter(({ connection }) => !slow(connection));
  if (placesSoon(promises) > demand.promised) return { type: 'wait', promised: true };
  const hedging = placesSoon(hoped) > demand.promised;
  const hedge = hedging ? ({ hedge: true } as const) : {};

  if (occupied(connections) < policy.maxConnections) return { type: 'open', ...hedge };
  const idle = judged.find(
    ({ connection: c }) =>
      c.state === 'live' && c.streams === 0 && (demand.avoid?.has(c.id) ?? false) && c.proof !== 'out',
  );
  if (idle !== undefined) return { type: 'open', evict: idle.connection.id, ...hedge };
  if (hedging) return { type: 'wait', promised: true };
  return demand.waiting < policy.maxWaiting ? { type: 'wait', promised: false } : { type: 'refuse' };
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
  const room = policy.maxConnections - occupied(connections);
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
  return [...idle]
    .sort((a, b) => Number(a.state === 'live') - Number(b.state === 'live'))
    .slice(0, excess)
    .map((c) => c.id);
}

function unused(connections: readonly ConnectionFacts[]): readonly ConnectionFacts[] {
  return connections.filter((c) => (c.state === 'connecting' || c.state === 'live') && c.uses === 0);
}

function placesSoon(judged: readonly { readonly admission: Admission }[]): number {
  return judged.reduce((sum, { admission }) => sum + (admission.type === 'soon' ? admission.places : 0), 0);
}

/** The one with the fewest streams; among equals the one heard last, so that the others may grow idle and go. */
function pick(connections: readonly ConnectionFacts[]): ConnectionFacts | undefined {
  return connections.reduce<ConnectionFacts | undefined>((best, c) => {
    if (best === undefined || c.streams < best.streams) return c;
    return c.streams === best.streams && c.heardAt.mono > best.heardAt.mono ? c : best;
  }, undefined);
}

import type { Instant } from '../time/instant.ts';
import { admit, type ConnectionFacts, needsProof } from './admission.ts';
import type { Hope, Survey } from './survey.ts';

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
}

/** What to do for one request. A closed set; nobody else decides. */
export type Plan =
  | { readonly type: 'reuse'; readonly id: string }
  /** Have it prove that it is alive; the request waits, and so does a place. */
  | { readonly type: 'prove'; readonly id: string }
  /**
   * Open one more connection, ending the idle one named by `evict` first when there is no room. `prove`: those that are to prove
   * meanwhile that they are alive. `hedge`: only because those that are being opened are slow; once is enough for a request.
   */
  | {
      readonly type: 'open';
      readonly evict?: string;
      readonly prove?: readonly string[];
      readonly hedge?: true;
    }
  /** `promised`: a connection that is being opened or proven has a place for it. */
  | { readonly type: 'wait'; readonly promised: boolean }
  | { readonly type: 'refuse' };

/**
 * Decides how one request gets its connection. Pure. Behind a proof that is late nobody waits for another one while a connection can
 * be opened: what took one connection of a path has mostly taken them all.
 */
export function plan(seen: Survey, demand: Demand): Plan {
  const { now, policy, open, hopes, late, occupied } = seen;
  const { avoid } = demand;
  let proven: ConnectionFacts | undefined;
  const doubtful: ConnectionFacts[] = [];
  for (const connection of open) {
    if (avoid?.has(connection.id)) continue;
    const silent = needsProof(connection, now, demand.since, policy.proveAfterIdleMs);
    if (silent) doubtful.push(connection);
    else proven = better(proven, connection);
  }
  if (proven !== undefined) return { type: 'reuse', id: proven.id };
  const best = doubtful.reduce<ConnectionFacts | undefined>(better, undefined);
  if (best !== undefined && late.length === 0) return { type: 'prove', id: best.id };

  if (hasPlace(hopes, demand, { slowToo: false })) return { type: 'wait', promised: true };
  const hedging = hasPlace(hopes, demand, { slowToo: true });
  const about = {
    ...(doubtful.length > 0 && { prove: doubtful.map(({ id }) => id) }),
    ...(hedging && { hedge: true as const }),
  };

  if (occupied < policy.maxConnections) return { type: 'open', ...about };
  const idle = dispensable(seen, demand);
  if (idle !== undefined) return { type: 'open', evict: idle.id, ...about };
  if (best !== undefined) return { type: 'prove', id: best.id };
  if (hedging) return { type: 'wait', promised: true };
  return demand.waiting < policy.maxWaiting ? { type: 'wait', promised: false } : { type: 'refuse' };
}

/**
 * The connection that `plan()` has a request reuse which comes now; undefined when it has anything else done. Pure, and all that most
 * requests need: nothing is drawn up for them that would only say what else could be done.
 */
export function readiest<C extends ConnectionFacts>(
  connections: readonly C[],
  { now, policy, avoid }: Pick<Survey, 'now' | 'policy'> & Pick<Demand, 'avoid'>,
): C | undefined {
  let best: C | undefined;
  for (const connection of connections) {
    if (avoid?.has(connection.id) || admit(connection, now, policy).type !== 'admit') continue;
    if (needsProof(connection, now, now, policy.proveAfterIdleMs)) continue;
    best = better(best, connection);
  }
  return best;
}

/** An unused connection that gives its place up: one whose proof is late, or else one that the request must avoid. */
function dispensable({ connections, late }: Survey, { avoid }: Demand): ConnectionFacts | undefined {
  return (
    late.find(({ streams }) => streams === 0) ??
    connections.find((c) => c.state === 'live' && c.streams === 0 && avoid?.has(c.id) && c.proof !== 'out')
  );
}

/** Whether connections will soon have a place that is not promised to an earlier request. Stops counting there. */
function hasPlace(
  hopes: readonly Hope[],
  demand: Demand,
  { slowToo }: { readonly slowToo: boolean },
): boolean {
  let places = 0;
  for (const { connection, places: more, slow } of hopes) {
    if ((slow && !slowToo) || demand.avoid?.has(connection.id)) continue;
    places += more;
    if (places > demand.promised) return true;
  }
  return false;
}

/**
 * The one with fewer streams; among equals the one used last, then the one heard last: it is the least likely to have been
 * dropped on the way, and the others may grow idle and go.
 */
function better<C extends ConnectionFacts>(best: C | undefined, other: C): C {
  if (best === undefined || other.streams < best.streams) return other;
  if (other.streams > best.streams) return best;
  const later = other.heardAt.mono - best.heardAt.mono || other.usedAt.mono - best.usedAt.mono;
  return later > 0 ? other : best;
}

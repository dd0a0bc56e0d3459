import type { Instant } from '../time/instant.ts';
import type { RetireReason } from '../transport/pool-event.ts';
import type { ReusePolicy } from '../transport/reuse-policy.ts';
import { admit, type ConnectionFacts, slowToConnect } from './admission.ts';

/** A place that a connection will probably have soon. */
export interface Hope {
  readonly connection: ConnectionFacts;
  readonly places: number;
  /** It takes longer to be opened than is usual, and is no promise. */
  readonly slow: boolean;
}

/** All connections of an origin, judged once: what `plan()` decides from, for one request or for all that wait. */
export interface Survey {
  readonly connections: readonly ConnectionFacts[];
  readonly now: Instant;
  readonly policy: ReusePolicy;
  /** Those that may take a request now. */
  readonly open: readonly ConnectionFacts[];
  /** Those that may take one soon. */
  readonly hopes: readonly Hope[];
  /** Those whose proof is late. */
  readonly late: readonly ConnectionFacts[];
  /** Those whose time is over. */
  readonly over: readonly { readonly id: string; readonly reason: RetireReason }[];
  /** Whether one is being opened. */
  readonly opening: boolean;
  /** How many count against `maxConnections`. */
  readonly occupied: number;
}

/** @param slowConnectMs a connection that has been opening for so long, in milliseconds, is no promise any more. */
export function survey(
  connections: readonly ConnectionFacts[],
  now: Instant,
  policy: ReusePolicy,
  slowConnectMs: number,
): Survey {
  const open: ConnectionFacts[] = [];
  const hopes: Hope[] = [];
  const late: ConnectionFacts[] = [];
  const over: { id: string; reason: RetireReason }[] = [];
  let occupied = 0;
  let opening = false;
  for (const connection of connections) {
    if (takesRoom(connection)) occupied += 1;
    if (connection.state === 'connecting') opening = true;
    if (connection.state === 'live' && connection.proof === 'late') late.push(connection);
    const admission = admit(connection, now, policy);
    switch (admission.type) {
      case 'admit':
        open.push(connection);
        break;
      case 'soon':
        hopes.push({
          connection,
          places: admission.places,
          slow: slowToConnect(connection, now, slowConnectMs),
        });
        break;
      case 'retire':
        over.push({ id: connection.id, reason: admission.reason });
        break;
      case 'full':
      case 'gone':
        break;
    }
  }
  return { connections, now, policy, open, hopes, late, over, opening, occupied };
}

/** Whether a connection counts against `maxConnections`: all do but those that only wait for their socket to close. */
export function takesRoom({ state, streams }: ConnectionFacts): boolean {
  return state === 'connecting' || state === 'live' || streams > 0;
}

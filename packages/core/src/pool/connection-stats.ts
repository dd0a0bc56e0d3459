import type { TransportStats } from '../transport/transport.ts';
import type { ConnectionFacts } from './admission.ts';

/** What can be counted of connections. */
export function statsOf(connections: readonly ConnectionFacts[]): Omit<TransportStats, 'waiting'> {
  const counts = { live: 0, spare: 0, connecting: 0, retired: 0, streams: 0 };
  for (const { state, uses, streams } of connections) {
    counts.streams += streams;
    if (state !== 'closed') counts[state] += 1;
    if (state === 'live' && uses === 0) counts.spare += 1;
  }
  return counts;
}

/** The counts of several pools or transports together; zeros of none. */
export function sumStats(all: Iterable<TransportStats>): TransportStats {
  const sum = { live: 0, spare: 0, connecting: 0, retired: 0, streams: 0, waiting: 0 };
  for (const stats of all) {
    sum.live += stats.live;
    sum.spare += stats.spare;
    sum.connecting += stats.connecting;
    sum.retired += stats.retired;
    sum.streams += stats.streams;
    sum.waiting += stats.waiting;
  }
  return sum;
}

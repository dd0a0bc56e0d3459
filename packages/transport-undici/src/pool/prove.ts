import type { Clock } from '@ferry/core';
import type { Connection } from './connection.ts';
import type { PooledConnection } from './pooled-connection.ts';

/** A PING is late after this many round trips, but never sooner than `MIN_LATE_MS`. */
const LATE_ROUND_TRIPS = 3;
const MIN_LATE_MS = 50;

/** When a PING that should prove a connection counts as late, in milliseconds: a few measured round trips. */
export function lateAfter(rttMs: number, proveTimeoutMs: number): number {
  return Math.min(Math.max(MIN_LATE_MS, LATE_ROUND_TRIPS * rttMs), proveTimeoutMs);
}

/**
 * Sends a PING. Late, it no longer holds anybody up: a replacement may start connecting while it is still out. Past its
 * deadline, the connection is retired as silent.
 * @param onProgress called when the proof is late, failed or there: those who wait may have another plan now.
 */
export function prove<C extends Connection>(
  entry: PooledConnection<C>,
  options: {
    readonly clock: Clock;
    readonly proveTimeoutMs: number;
    readonly onProved: (rttMs: number) => void;
    readonly onProgress: () => void;
  },
): void {
  const { clock, proveTimeoutMs, onProved, onProgress } = options;
  const { connection } = entry;
  // Requests that wait for the proof keep the process alive by limits of their own.
  const unref = { keepAlive: false };
  entry.proof = 'out';
  const cancelLate = clock.after(
    lateAfter(connection.rttMs, proveTimeoutMs),
    () => {
      entry.proof = 'late';
      onProgress();
    },
    unref,
  );
  const cancelDeadline = clock.after(
    proveTimeoutMs,
    () => {
      connection.retire('silent');
      // Its socket will deliver no farewell either.
      if (entry.streams === 0) connection.destroy('silent');
    },
    unref,
  );
  const settle = () => {
    cancelLate();
    cancelDeadline();
    entry.proof = 'none';
    onProgress();
  };
  connection.ping().then((rttMs) => {
    onProved(rttMs);
    settle();
  }, settle);
}

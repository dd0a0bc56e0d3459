import type { Clock } from '../time/clock.ts';
import type { Connection } from './connection.ts';
import type { PooledConnection } from './pooled-connection.ts';

/** A proof is late after this many round trips, but never sooner than `MIN_LATE_MS`. */
const LATE_ROUND_TRIPS = 3;
const MIN_LATE_MS = 50;

/** When a proof that asks the peer counts as late, in milliseconds: a few measured round trips. */
export function lateAfter(rttMs: number, proveTimeoutMs: number): number {
  return Math.min(Math.max(MIN_LATE_MS, LATE_ROUND_TRIPS * rttMs), proveTimeoutMs);
}

export interface ProveOptions {
  readonly clock: Clock;
  /** After this, in milliseconds, the connection is retired as silent; undefined for a proof that asks nobody. */
  readonly deadlineMs: number | undefined;
  readonly onProved: (rttMs: number) => void;
  /** Called when the proof is late, failed or there: those who wait may have another plan now. */
  readonly onProgress: () => void;
}

/**
 * Has a connection prove that it is alive. Late, it no longer holds anybody up: a replacement may start connecting while the
 * answer is still out. Past its deadline, the connection is retired as silent.
 */
export function prove<C extends Connection>(entry: PooledConnection<C>, options: ProveOptions): void {
  const { deadlineMs, onProved, onProgress } = options;
  entry.proof = 'out';
  const cancel = deadlineMs === undefined ? undefined : startDeadlines(entry, deadlineMs, options);
  const settle = () => {
    cancel?.();
    entry.proof = 'none';
    onProgress();
  };
  entry.connection.prove().then(
    (rttMs) => {
      entry.doubtedAt = undefined;
      if (rttMs !== undefined) onProved(rttMs);
      settle();
    },
    () => {
      // Mostly it has retired by itself by then, and has said why.
      entry.retire('socket');
      settle();
    },
  );
}

/** Retires a connection that has not proven in time that it is alive. */
export function giveUp<C extends Connection>(entry: PooledConnection<C>): void {
  entry.life.retire('silent');
  // Its socket will deliver no farewell either.
  if (entry.streams === 0) entry.connection.destroy('silent');
}

function startDeadlines<C extends Connection>(
  entry: PooledConnection<C>,
  deadlineMs: number,
  { clock, onProgress }: ProveOptions,
): () => void {
  // Requests that wait for the proof keep the process alive by limits of their own.
  const unref = { keepAlive: false };
  const late = () => {
    entry.proof = 'late';
    onProgress();
  };
  const cancelLate = clock.after(lateAfter(entry.connection.rttMs ?? 0, deadlineMs), late, unref);
  const cancelOver = clock.after(deadlineMs, () => giveUp(entry), unref);
  return () => {
    cancelLate();
    cancelOver();
  };
}

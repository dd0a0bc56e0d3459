import type { Clock } from './clock.ts';

/** A moment on both clocks. */
export interface Instant {
  /** Monotonic milliseconds. */
  readonly mono: number;
  /** Milliseconds since the Unix epoch. */
  readonly wall: number;
}

export function instant(clock: Clock): Instant {
  return { mono: clock.now(), wall: clock.wallNow() };
}

/**
 * Milliseconds between two moments, by whichever clock saw more of them: the monotonic clock stops while a machine is
 * suspended, and the wall clock can be set back.
 */
export function elapsed(since: Instant, now: Instant): number {
  return Math.max(now.mono - since.mono, now.wall - since.wall);
}
